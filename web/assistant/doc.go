// Package assistant asks a language model to help agents: to draft an answer, to summarize a conversation, to translate. The model is
// behind any endpoint that speaks OpenAI's chat completions. What may be asked, and by whom, is in models; nothing here sends a message
// to a user.
package assistant
