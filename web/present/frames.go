package present

import (
	"bytes"
	"context"

	"github.com/a-h/templ"

	"parley/web/api"
	"parley/web/live"
)

// AddHTML adds a frame of HTML.
func AddHTML(ctx context.Context, out *api.FrameWriter, event string, version int64, what templ.Component) error {
	var drawn bytes.Buffer
	if err := what.Render(ctx, &drawn); err != nil {
		return err
	}
	out.Frames = append(out.Frames, live.Frame{Event: event, Data: drawn.Bytes(), Version: version})
	return nil
}
