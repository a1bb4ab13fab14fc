package text

import (
	"context"
	"encoding/json"
	"strings"
	"sync"

	"github.com/BurntSushi/toml"
)

// catalogues has each catalogue as a flat map from key to text or to plural forms, for scripts and tests.
var catalogues = sync.OnceValue(func() map[string]map[string]any {
	all := map[string]map[string]any{}
	for _, l := range Languages {
		raw, err := files.ReadFile(l.Tag + ".toml")
		if err != nil {
			panic(err)
		}
		var tree map[string]any
		if err := toml.Unmarshal(raw, &tree); err != nil {
			panic(err)
		}
		all[l.Tag] = map[string]any{}
		flatten(all[l.Tag], "", tree)
	}
	return all
})

func flatten(into map[string]any, prefix string, tree map[string]any) {
	for name, value := range tree {
		sub, isTable := value.(map[string]any)
		if _, plural := sub["other"].(string); isTable && !plural {
			flatten(into, prefix+name+".", sub)
			continue
		}
		into[prefix+name] = value
	}
}

var words sync.Map

// Words returns the texts whose keys begin with one of the prefixes as a JSON object for the scripts of a page: key to text, or to an
// object of plural forms. Values stay in the texts as {{.Name}}.
func Words(ctx context.Context, prefixes ...string) string {
	lang, own := Lang(ctx), overridesOf(ctx)
	cache := &words
	if own != nil {
		cache = &own.words
	}
	cached := lang + " " + strings.Join(prefixes, " ")
	if said, ok := cache.Load(cached); ok {
		return said.(string)
	}
	chosen := map[string]any{}
	for key, value := range catalogues()[lang] {
		for _, prefix := range prefixes {
			if strings.HasPrefix(key, prefix) {
				chosen[key] = own.valueOf(lang, key, value)
			}
		}
	}
	out, err := json.Marshal(chosen)
	if err != nil {
		panic(err) // strings and maps of strings always marshal
	}
	cache.Store(cached, string(out))
	return string(out)
}
