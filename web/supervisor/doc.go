// Package supervisor serves the live board of queue and load, single chats and agents as supervisors see them, and the JSON behind them.
package supervisor
