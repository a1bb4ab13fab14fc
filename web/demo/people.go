package demo

import (
	"encoding/json"
	"strconv"

	"parley/models"
)

// person is one sample user, anonymous without a name. A user with a name has a plan, a year in which they became a
// customer, and a city.
type person struct {
	ID, Name, Locale string

	Plan  string
	Since int
	City  string

	Tags []string // that agents gave
	Note string   // by an agent; "" for none
}

// attributes returns what the sample site signs about the user; nil for an anonymous one.
func (p *person) attributes() models.Attributes {
	if p.Name == "" {
		return nil
	}
	return models.Attributes{"plan": p.Plan, "customer_since": json.Number(strconv.Itoa(p.Since)), "city": p.City}
}

var people = []person{
	{
		ID:     "demo-maria",
		Name:   "Maria Lopes",
		Locale: "en",
		Plan:   "Premium",
		Since:  2019,
		City:   "Lisbon",
		Tags: []string{
			"VIP",
			"Prefers e-mail",
		},
		Note: "Travels a lot. Check the travel notice before anything else when a card is declined.",
	},
	{ID: "demo-samuel", Name: "Samuel Boateng", Locale: "en", Plan: "Business", Since: 2021, City: "Accra"},
	{ID: "demo-lucie", Name: "Lucie Perrin", Locale: "en", Plan: "Standard", Since: 2023, City: "Lyon"},
	{
		ID: "demo-farid", Name: "Farid Rahimi", Locale: "en", Plan: "Premium", Since: 2018, City: "Hamburg",
		Tags: []string{"VIP"},
	},
	{ID: "demo-ines", Name: "Ines Duarte", Locale: "en", Plan: "Standard", Since: 2024, City: "Porto"},
	{
		ID: "demo-tomasz", Name: "Tomasz Nowak", Locale: "en", Plan: "Business", Since: 2020, City: "Gdańsk",
		Tags: []string{"Large transfers"}, Note: "Transfers above 10,000 every quarter: they are expected, the limit is raised for him.",
	},
	{
		ID: "demo-hana", Name: "Hana Kobayashi", Locale: "en", Plan: "Premium", Since: 2022, City: "Osaka",
		Note: "Writes from UTC+9; mornings suit her best.",
	},
	{ID: "demo-oliver", Name: "Oliver Grant", Locale: "en", Plan: "Standard", Since: 2025, City: "Leeds"},
	{ID: "demo-amara", Name: "Amara Diallo", Locale: "en", Plan: "Standard", Since: 2022, City: "Dakar"},
	{ID: "demo-jonas", Name: "Jonas Weber", Locale: "en", Plan: "Business", Since: 2017, City: "Bremen"},
	{ID: "demo-priya", Name: "Priya Nair", Locale: "en", Plan: "Premium", Since: 2020, City: "Pune"},
	{ID: "demo-nils", Name: "Nils Berg", Locale: "en", Plan: "Standard", Since: 2026, City: "Bergen"},
	{ID: "demo-guest-1", Locale: "en"},
	{ID: "demo-guest-2", Locale: "en"},
	{ID: "demo-guest-3", Locale: "en"},
	{
		ID: "demo-wangwei", Name: "王伟", Locale: "zh-CN", Plan: "Premium", Since: 2021, City: "上海",
		Tags: []string{"VIP"},
	},
	{ID: "demo-zhangmin", Name: "张敏", Locale: "zh-CN", Plan: "Standard", Since: 2023, City: "成都"},
	{
		ID: "demo-liuyang", Name: "刘洋", Locale: "zh-CN", Plan: "Business", Since: 2019, City: "深圳",
		Tags: []string{"企业客户"}, Note: "公司账户由财务代办，核对授权书后再处理。",
	},
	{ID: "demo-zhaolei", Name: "赵磊", Locale: "zh-CN", Plan: "Standard", Since: 2025, City: "西安"},
	{ID: "demo-sunli", Name: "孙丽", Locale: "zh-CN", Plan: "Premium", Since: 2022, City: "杭州"},
	{ID: "demo-guest-4", Locale: "zh-CN"},
}

// userTag and userNote are a tag and a note that an agent gave a user.
type (
	userTag struct{ UserID, Tag, AgentID string }

	userNote struct{ UserID, Content, AgentID string }
)

// profilesBy returns the tags and notes of the sample users as those of one agent.
func profilesBy(agentID string) (tags []userTag, notes []userNote) {
	for i := range people {
		p := &people[i]
		for _, tag := range p.Tags {
			tags = append(tags, userTag{p.ID, tag, agentID})
		}
		if p.Note != "" {
			notes = append(notes, userNote{p.ID, p.Note, agentID})
		}
	}
	return tags, notes
}

// ratingComments are comments of good ratings, by language.
var ratingComments = map[string][]string{
	"en": {
		"Quick and friendly.", "Solved in two minutes.", "", "Clear answers, thank you.", "", "I had to wait, but then it was fast.",
		"",
	},
	"zh-CN": {"很快，态度也好。", "", "问题解决了，谢谢。", "回答得很清楚。", ""},
}
