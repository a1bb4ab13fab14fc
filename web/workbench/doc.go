// Package workbench serves the page on which agents answer, its live frames, and an agent's presence and ratings.
package workbench
