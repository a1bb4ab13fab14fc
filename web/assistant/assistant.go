package assistant

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sashabaranov/go-openai"

	"parley/models"
)

const (
	// StartTimeout is how long the service may take until its answer begins, and pause within it.
	StartTimeout = 20 * time.Second
	// Timeout is how long a whole answer may take.
	Timeout = 60 * time.Second
	// maxAnswer is the longest answer in characters: that of a message.
	maxAnswer = 4000
)

// Options of an Assistant.
type Options struct {
	URL   string // of the API, such as https://llm.example.internal/v1
	Key   string // "" for a service without one
	Model string
	// Client makes the requests; nil for one with the timeouts of this package. Pause and Timeout replace StartTimeout and Timeout unless
	// zero.
	Client         *http.Client
	Pause, Timeout time.Duration
}

// Assistant calls a model. It is safe for concurrent use.
type Assistant struct {
	client         *openai.Client
	model          string
	pause, timeout time.Duration
}

// New returns an assistant. It refuses an address that is not http or https, and options without a model.
func New(o Options) (*Assistant, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" {
		return nil, errors.New("ASSISTANT_URL must be the address of an API, such as https://llm.example.internal/v1")
	}
	if o.Model == "" {
		return nil, errors.New("ASSISTANT_MODEL must name a model of ASSISTANT_URL")
	}
	config := openai.DefaultConfig(o.Key)
	config.BaseURL = strings.TrimSuffix(o.URL, "/")
	config.HTTPClient = o.Client
	if o.Client == nil {
		config.HTTPClient = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	a := &Assistant{openai.NewClientWithConfig(config), o.Model, o.Pause, o.Timeout}
	if a.pause == 0 {
		a.pause = StartTimeout
	}
	if a.timeout == 0 {
		a.timeout = Timeout
	}
	return a, nil
}

// Answer asks for the answer to a call and passes each piece of it to write as it arrives. It returns the whole answer and the tokens that
// were used, as the service says or as estimated; both also with an error. An answer that does not begin, that pauses or that ends
// without a text is assistant_failed; one that is too long is cut after 4,000 characters. If write returns an error, Answer stops with it.
func (a *Assistant) Answer(
	ctx context.Context,
	call *models.AssistantCall,
	write func(string) error,
) (answer string, tokens int64, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, a.timeout, errTooSlow)
	defer cancel()
	ctx, stall := context.WithCancelCause(ctx)
	defer stall(nil)
	watchdog := time.AfterFunc(a.pause, func() { stall(errTooSlow) })
	defer watchdog.Stop()

	var text strings.Builder
	used := func() int64 { return call.EstimateTokens(text.String()) }
	stream, err := a.client.CreateChatCompletionStream(ctx, openai.ChatCompletionRequest{
		Model: a.model, Messages: prompt(call), MaxCompletionTokens: models.MaxAssistantTokens, Stream: true,
		StreamOptions: &openai.StreamOptions{IncludeUsage: true},
	})
	if err != nil {
		return "", used(), failed(ctx, err)
	}
	defer stream.Close()
	length, reported := 0, int64(0)
	for {
		chunk, err := stream.Recv()
		watchdog.Reset(a.pause)
		switch {
		case errors.Is(err, io.EOF):
			return finished(text.String(), reported, used())
		case err != nil:
			return text.String(), used(), failed(ctx, err)
		}
		if chunk.Usage != nil {
			reported = int64(chunk.Usage.TotalTokens)
		}
		if len(chunk.Choices) == 0 {
			continue
		}
		piece := clean(chunk.Choices[0].Delta.Content)
		if length += utf8.RuneCountInString(piece); length > maxAnswer {
			return finished(text.String(), reported, used())
		}
		if piece == "" {
			continue
		}
		text.WriteString(piece)
		if err := write(piece); err != nil {
			return text.String(), used(), err
		}
	}
}

var errTooSlow = errors.New("the assistant is too slow")

func finished(text string, reported, estimated int64) (string, int64, error) {
	if reported <= 0 {
		reported = estimated
	}
	if models.IsBlank(text) {
		return "", reported, models.ErrAssistantFailed.WithCause(errors.New("the answer is empty"))
	}
	return text, reported, nil
}

// failed returns what the agent is told of an error of the service; its own words are for the log.
func failed(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, errTooSlow) {
		return cause // the agent went away
	} else if cause != nil {
		err = cause
	}
	var api *openai.APIError
	if errors.As(err, &api) {
		err = fmt.Errorf("status %d, code %v", api.HTTPStatusCode, api.Code) // not its message, which may repeat the conversation
	}
	return models.ErrAssistantFailed.WithCause(err)
}

// clean removes what a message must not contain: invalid UTF-8 and control characters other than line breaks.
func clean(piece string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || r < ' ' && r != '\n' && r != '\t' || r == 0x7f {
			return -1
		}
		return r
	}, piece)
}
