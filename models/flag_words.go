package models

// flagWord is a word or phrase of FLAG_WORDS, as it is shown and as it is looked for.
type flagWord struct {
	shown string
	chars []searchChar
}

// flagWordsOf returns the words of the setting.
func flagWordsOf(list string) []flagWord {
	var words []flagWord
	for _, word := range splitWords(list) {
		if chars := searchChars(word); len(chars) > 0 {
			words = append(words, flagWord{word, chars})
		}
	}
	return words
}

// wordsIn returns the words that a text has, in the order of the list, in any case and width and with or without accents.
// In scripts with spaces only whole words count.
func wordsIn(text string, words []flagWord) []string {
	chars := searchChars(text)
	var found []string
	for _, w := range words {
		for at := range chars {
			if hasWordAt(chars, at, w.chars) {
				found = append(found, w.shown)
				break
			}
		}
	}
	return found
}

func hasWordAt(text []searchChar, at int, word []searchChar) bool {
	end := at + len(word)
	if end > len(text) {
		return false
	}
	for i := range word {
		if text[at+i].r != word[i].r {
			return false
		}
	}
	splits := func(i int) bool {
		return i > 0 && i < len(text) && text[i-1].class == ofWord && text[i].class == ofWord
	}
	return !splits(at) && !splits(end)
}
