package supervisor

import (
	"context"
	"net/url"
	"slices"

	"parley/models"
	view "parley/views/supervisor"
	"parley/views/text"
)

// fillReportForm adds what the form of a report offers, and the saved reports.
func (h *Handlers) fillReportForm(ctx context.Context, actor models.Actor, page *view.Report) error {
	for _, g := range models.ReportGroups {
		page.Groups = append(page.Groups, string(g))
	}
	page.Zones = []string{page.Params.Zone}
	if page.Params.Zone != "UTC" {
		page.Zones = append(page.Zones, "UTC")
	}
	agents, err := h.Desk.Agents(ctx)
	if err != nil {
		return err
	}
	departments, err := h.Desk.Departments(ctx)
	if err != nil {
		return err
	}
	names, err := h.Desk.ReportNames(ctx, actor)
	if err != nil {
		return err
	}
	add := func(kind models.ReportGroup, choices ...view.ReportChoice) {
		for i := range choices {
			choices[i].Value = string(kind) + ":" + choices[i].Value
			if choices[i].Label == "" {
				choices[i].Label = text.T(ctx, "report.without."+string(kind))
			}
			if choices[i].Value == page.Params.Only && page.Result != nil {
				page.Result.OnlyLabel = text.T(ctx, "report.group."+string(kind)) + ": " + choices[i].Label
			}
		}
		if len(choices) > 0 {
			page.Only = append(page.Only, view.ReportChoices{Kind: string(kind), Choices: choices})
		}
	}
	var list []view.ReportChoice
	for i := range agents {
		list = append(list, view.ReportChoice{Value: agents[i].ID, Label: agents[i].Name})
	}
	add(models.ByAgent, list...)
	list = []view.ReportChoice{{}}
	for i := range departments {
		list = append(list, view.ReportChoice{Value: departments[i].Slug, Label: departments[i].Name})
	}
	add(models.ByDepartment, list...)
	for _, kind := range []models.ReportGroup{models.BySite, models.ByOutcome, models.ByTag} {
		list = nil
		for _, name := range names[kind] {
			list = append(list, view.ReportChoice{Value: name, Label: name})
		}
		add(kind, list...)
	}
	return h.fillSavedReports(ctx, actor, page)
}

func (h *Handlers) fillSavedReports(ctx context.Context, actor models.Actor, page *view.Report) error {
	views, err := h.Desk.ReportViews(ctx, actor)
	if err != nil {
		return err
	}
	here, _ := url.ParseQuery(page.Params.Query())
	for i := range views {
		v := &views[i]
		saved := view.SavedReport{
			ID: v.ID, Name: v.Name, Query: v.Query, IsShared: v.IsShared,
			CanRemove: v.AgentID == actor.ID || v.IsShared && actor.AtLeast(models.RoleAdmin),
		}
		if v.AgentID != actor.ID {
			saved.By = v.AgentName
		}
		given, _ := url.ParseQuery(v.Query)
		saved.IsOpen = slices.Equal(sortedPairs(given), sortedPairs(here))
		page.Views = append(page.Views, saved)
	}
	return nil
}

// sortedPairs returns the parameters that make a report what it is.
func sortedPairs(values url.Values) []string {
	var pairs []string
	for _, name := range view.ReportFields {
		if v := values.Get(name); v != "" && name != "time_zone" {
			pairs = append(pairs, name+"="+v)
		}
	}
	return pairs
}
