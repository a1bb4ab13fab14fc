package widget

import (
	"context"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"parley/views/text"
	"parley/views/widget"
	"parley/web/api"
	"parley/web/kit"
)

// department returns the department that the page of the site asks for, or else the topic that the user chose; "" for
// any.
func (p *panel) department() string {
	if named := p.options.get("department", 50); named != "" {
		return named
	}
	if topic := p.options.Query.Get("topic"); p.look.IsTopic(topic) {
		return topic
	}
	return ""
}

// lookView returns the view data of the look of the site. Topics are offered where its page asks for no department.
func (p *panel) lookView(ctx context.Context) widget.Look {
	lang := text.Lang(ctx)
	v := widget.Look{PrivacyURL: p.look.PrivacyURL, Avatar: api.AvatarPath(p.look.Avatar)}
	if lang == text.English || lang == text.Chinese { // other languages have the catalogue's, or that of the page Texts
		v.Greeting, v.Away = p.look.Greeting(lang), p.look.Away(lang)
	}
	if p.options.get("department", 50) != "" {
		return v
	}
	chosen := p.department()
	for _, t := range p.look.Topics {
		v.Topics = append(
			v.Topics,
			widget.Topic{Name: t.Name, URL: p.options.topicURL(t.Slug, t.Slug == chosen), IsChosen: t.Slug == chosen},
		)
	}
	return v
}

// topicURL returns the address of the panel's page with a topic, or without one.
func (v embedOptions) topicURL(topic string, isChosen bool) string {
	query := url.Values{}
	for name, values := range v.Query {
		if name != "topic" && name != "before" {
			query[name] = values
		}
	}
	if !isChosen {
		query.Set("topic", topic)
	}
	return "/widget?" + query.Encode()
}

// Avatar serves the picture of a look. Its address is made of its content, so browsers keep it for ever.
func (h *Handlers) Avatar(c echo.Context) error {
	a, err := h.Desk.LookAvatar(c.Request().Context(), kit.PathID(c, "avatar_id"))
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	return c.Blob(http.StatusOK, a.Type, a.Content)
}
