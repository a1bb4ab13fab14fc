package widget

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"regexp"
	"strings"

	"parley/static"
	"parley/views/text"
)

const loaderPrefix = "widget.loader."

var placeOfWords = regexp.MustCompile("[\"'`]@parley-words@[\"'`]")

// Loader is the script that customers' pages load, with its few texts in every language put into it.
func Loader() ([]byte, error) {
	script, err := fs.ReadFile(static.FS, "loader.js")
	if err != nil {
		return nil, err
	}
	said := map[string]map[string]any{}
	for _, lang := range []string{text.English, text.Chinese} {
		var flat map[string]any
		if err := json.Unmarshal([]byte(text.Words(text.With(context.Background(), lang), loaderPrefix)), &flat); err != nil {
			return nil, err
		}
		said[lang] = map[string]any{}
		for key, value := range flat {
			said[lang][strings.TrimPrefix(key, loaderPrefix)] = value
		}
	}
	words, err := json.Marshal(said)
	if err != nil {
		return nil, err
	}
	return bytes.TrimSpace(placeOfWords.ReplaceAllLiteral(script, words)), nil
}
