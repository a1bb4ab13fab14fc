// Command goclient asks a Parley for an agent through the client that oapi-codegen generates from openapi.json, and prints what the
// generated types make of the answers. Usage: goclient URL
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"

	"parley/tools/openapi/goclient/api"
)

// report is what the client decoded.
type report struct {
	Health        string  `json:"health"`
	Discriminator string  `json:"discriminator"`
	ChatID        string  `json:"chat_id"`
	Agent         string  `json:"agent"`
	Rating        float64 `json:"rating"`
	Error         string  `json:"error"`
	FirstMessage  string  `json:"first_message"`
	ProblemCode   string  `json:"problem_code"`
}

func main() {
	got, err := run(context.Background(), os.Args[1])
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(got)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, url string) (got report, err error) {
	client, err := api.NewClientWithResponses(url)
	if err != nil {
		return got, err
	}
	health, err := client.HealthWithResponse(ctx)
	if err != nil || health.JSON200 == nil {
		return got, fmt.Errorf("health: %v, %v", health, err)
	}
	got.Health = string(health.JSON200.Status)

	session, err := client.StartSessionWithResponse(ctx)
	if err != nil || session.JSON200 == nil {
		return got, fmt.Errorf("session: %v, %v", session, err)
	}
	signed := func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+session.JSON200.Token)
		return nil
	}
	message := "Where is my parcel?"
	assignment, err := client.AssignWithResponse(ctx, api.AssignJSONRequestBody{Message: &message}, signed)
	if err != nil || assignment.JSON200 == nil {
		return got, fmt.Errorf("assign: %v, %v", assignment, err)
	}
	if got.Discriminator, err = assignment.JSON200.Discriminator(); err != nil {
		return got, err
	}
	value, err := assignment.JSON200.ValueByDiscriminator()
	if err != nil {
		return got, err
	}
	switch is := value.(type) {
	case api.Assigned:
		got.ChatID, got.Agent, got.Rating = is.Chat.ChatId, is.Service.Name, is.Service.AvgRating
		got.FirstMessage = is.FirstMessage.Content
	case api.Waiting:
		got.ChatID, got.Error = *is.QueueStatus.ChatId, string(is.Error)
		got.FirstMessage = is.FirstMessage.Content
	}

	// An open chat cannot be rated.
	rated, err := client.RateWithResponse(ctx, got.ChatID, api.RateJSONRequestBody{Rating: 4.5}, signed)
	if err != nil || rated.ApplicationproblemJSON409 == nil {
		return got, fmt.Errorf("rate: %v, %v", rated, err)
	}
	got.ProblemCode = rated.ApplicationproblemJSON409.Code
	return got, nil
}
