package present

import (
	"bytes"
	"context"

	"github.com/a-h/templ"

	"parley/web/api"
	"parley/web/live"
)

// AddHTML renders a component and appends it as an event. Nothing is appended if rendering fails.
func AddHTML(ctx context.Context, out *api.FrameWriter, event string, version int64, component templ.Component) error {
	var html bytes.Buffer
	if err := component.Render(ctx, &html); err != nil {
		return err
	}
	out.Frames = append(out.Frames, live.Frame{Event: event, Data: html.Bytes(), Version: version})
	return nil
}
