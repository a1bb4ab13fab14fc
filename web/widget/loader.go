package widget

import (
	"encoding/json"
	"path"
	"strings"
	"sync"

	"parley/models"
	"parley/static"
	"parley/views/text"
)

// Loaders caches the loader with the looks of sites, as a script and as a module. A new version of the looks makes a
// new file.
type Loaders struct {
	mu      sync.Mutex
	version int64  // of the settings that looks was made from
	looks   string // "" for none
	files   map[string]*static.Loader
}

// Get returns the loader of that name in a language, in the smallest coding that an Accept-Encoding header takes. Without
// looks it is the built file.
func (l *Loaders) Get(name, lang, accept string, desk *models.Desk) (static.File, bool) {
	if ending := path.Ext(name); lang != text.English {
		name = strings.TrimSuffix(name, ending) + "." + lang + ending
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	version := desk.SettingsVersion() // before the looks, which are stored first
	if l.version != version || l.files == nil {
		if looks := looksOf(desk.SiteLooks()); looks != l.looks || l.files == nil {
			l.looks, l.files = looks, map[string]*static.Loader{}
		}
		l.version = version
	}
	if l.looks == "" {
		return static.Get(name, accept)
	}
	file := l.files[name]
	if file == nil {
		var found bool
		if file, found = static.NewLoader(name, l.looks); !found {
			return static.File{}, false
		}
		l.files[name] = file
	}
	return file.Get(accept), true
}

// looksOf returns the expression from which the loader takes the settings that the tag of a site leaves out: an object
// whose prototype has what the button needs of the look of the page's site. The first look is that of all other sites.
// It is "" if no look is about the button.
//
// Only texts are data, and they are written as JSON, which has no character that ends a string or a script.
func looksOf(looks []models.Look) string {
	var sites strings.Builder
	isEmpty, hasLanguages := true, false
	for i := range looks {
		fields, byLanguage := buttonOf(&looks[i])
		isEmpty, hasLanguages = isEmpty && fields == "", hasLanguages || byLanguage
		if i > 0 {
			sites.WriteByte(',')
		}
		sites.WriteString(quoted(looks[i].Site) + ":{" + fields + "}")
	}
	if isEmpty {
		return ""
	}
	chosen := `(l=>l[location.origin]||l[""])({` + sites.String() + `})`
	if hasLanguages {
		chosen = `((z,o)=>` + chosen + `)(s=>/^zh/i.test(s.language||document.documentElement.lang||navigator.language),` +
			`(s,value)=>Object.defineProperty(s,"label",{value,writable:!0,enumerable:!0,configurable:!0}))`
	}
	return `{__proto__:` + chosen + `}`
}

// buttonOf returns the properties of a look that the loader needs before the panel is opened, and whether its label
// depends on the language.
func buttonOf(l *models.Look) (fields string, byLanguage bool) {
	var list []string
	for _, f := range []struct{ name, value string }{{"site", l.Company}, {"colour", l.Colour}, {"position", l.Position}} {
		if f.value != "" {
			list = append(list, f.name+":"+quoted(f.value))
		}
	}
	en, zhCN := l.Label("en"), l.Label("zh-CN")
	switch {
	case en == "":
	case en == zhCN:
		list = append(list, "label:"+quoted(en))
	default:
		byLanguage = true
		// A property of the site's page takes the place of this one, as it does with a plain property.
		list = append(list, "get label(){return z(this)?"+quoted(zhCN)+":"+quoted(en)+"},set label(v){o(this,v)}")
	}
	return strings.Join(list, ","), byLanguage
}

// quoted returns a text as a string of JSON, which escapes <, >, & and the line separators of JavaScript.
func quoted(text string) string {
	raw, _ := json.Marshal(text) // a string can always be written
	return string(raw)
}
