package staff

import (
	"context"
	"testing"

	"parley/views/text"
)

func TestEveryPageOfTheNavigationHasItsOwnLabel(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{text.English, text.Chinese} {
		ctx := text.With(context.Background(), lang)
		keys := map[string]string{} // by label
		for _, tab := range append(tabs("admin"), adminTabs...) {
			label := tabWord(ctx, tab.Key)
			if label == tab.Key || label == "staff.tab."+tab.Key {
				t.Errorf(
					"the page %q has no label in %s: add one to tabWord, and its text to [staff.tab] of both catalogues",
					tab.Key,
					lang,
				)
			}
			if other, taken := keys[label]; taken {
				t.Errorf("in %s the pages %q and %q both have the label %q", lang, other, tab.Key, label)
			}
			keys[label] = tab.Key
		}
	}
}
