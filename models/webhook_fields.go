package models

import (
	"context"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// checkWebhookAgent refuses an agent that does not exist.
func (t *tx) checkWebhookAgent(ctx context.Context, agentID *string) error {
	if deref(agentID) == "" {
		return nil
	}
	var there bool
	if err := t.NewRaw(`SELECT EXISTS (SELECT FROM agents WHERE id = ?)`, *agentID).Scan(ctx, &there); err != nil || there {
		return err
	}
	return invalid("agent_id", fieldUnknown, "This agent does not exist.")
}

// validateWebhook brings the fields into the form in which they are stored. A header without a value gets the one of before.
func (d *Desk) validateWebhook(f *WebhookFields, before map[string]string) (err error) {
	var faults fieldFaults
	f.Name, err = validateText("name", oneLine(f.Name), 1, 80)
	faults.add(err)
	f.URL, err = d.webhookURL(f.URL)
	faults.add(err)
	chosen := f.Events
	f.Events = nil
	for _, e := range WebhookEventTypes() {
		if slices.Contains(chosen, string(e)) {
			f.Events = append(f.Events, string(e))
		}
	}
	for _, e := range chosen {
		if !slices.Contains(f.Events, e) {
			faults.add(invalid("events", fieldUnknown, "One of these events does not exist. Choose from the list."))
		}
	}
	if len(f.Events) == 0 {
		faults.add(invalid("events", fieldRequired, "Choose the events that the webhook is told of."))
	}
	f.Headers, err = webhookHeaders(f.Headers, before)
	faults.add(err)
	return faults.err()
}

// webhookURL returns an address as it is stored. What its name resolves to is decided when it is connected to.
func (d *Desk) webhookURL(address string) (string, error) {
	address, err := validateText("url", strings.TrimSpace(address), 1, maxWebhookURL)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" || u.Opaque != "":
		return "", invalid("url", fieldInvalid, "This is no address such as https://shop.example.com/parley.")
	case u.User != nil:
		return "", invalid("url", fieldInvalid, "The address must not have a user or a password. Use a header for them.")
	case u.Fragment != "" || strings.Contains(address, "#"):
		return "", invalid("url", fieldInvalid, "The address must not have a # part, which is never sent.")
	}
	networks := ParseWebhookNetworks(d.Settings().WebhookNetworks)
	if u.Scheme == "http" && len(networks) == 0 {
		return "", invalid("url", fieldInvalid, "The address must begin with https://. Only networks in WEBHOOK_NETWORKS may have http.")
	}
	ip, err := netip.ParseAddr(u.Hostname())
	if err == nil && u.Scheme == "http" && !slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(ip.Unmap()) }) {
		return "", invalid("url", fieldInvalid, "This address is not in WEBHOOK_NETWORKS, so it must begin with https://.")
	}
	return u.String(), nil
}

// ParseWebhookNetworks returns the networks of a list with commas, such as WEBHOOK_NETWORKS has. What is no network is passed over.
func ParseWebhookNetworks(list string) []netip.Prefix {
	var networks []netip.Prefix
	texts, _ := parseNetworks([]string{list})
	for _, text := range texts {
		if network, err := netip.ParsePrefix(text); err == nil {
			networks = append(networks, network)
		}
	}
	return networks
}

var (
	headerNameForm  = regexp.MustCompile(`^[A-Za-z0-9!#$%&'*+.^_|~-]+$`)
	headerValueForm = regexp.MustCompile(`^[\x20-\x7e]*$`)
	// ownHeader are the headers that Parley, HTTP or a proxy sets.
	ownHeader = regexp.MustCompile(`(?i)^(webhook-.*|content-.*|proxy-.*|sec-.*|host|connection|keep-alive|transfer-encoding|te|trailer|` +
		`upgrade|expect|accept-encoding|user-agent|date|forwarded|x-forwarded-.*|cookie)$`)
)

func webhookHeaders(headers, before map[string]string) (map[string]string, error) {
	kept := map[string]string{}
	seen := map[string]bool{}
	for name, value := range headers {
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if value == "" {
			value = before[name]
		}
		switch {
		case name == "" && value == "":
			continue
		case !headerNameForm.MatchString(name) || len(name) > maxHeaderName:
			return nil, invalid(
				"headers",
				fieldInvalid,
				"A header needs a name such as Authorization, without spaces and of at most 80 characters.",
			)
		case ownHeader.MatchString(name):
			return nil, invalid("headers", fieldInvalid, "The header "+name+" is set by Parley. Choose another name.")
		case value == "":
			return nil, invalid("headers", fieldRequired, "The header "+name+" needs a value.")
		case len(value) > maxHeaderValue || !headerValueForm.MatchString(value):
			return nil, invalid(
				"headers",
				fieldInvalid,
				"The value of the header "+name+" must be at most 1,000 printable ASCII characters.",
			)
		case seen[strings.ToLower(name)]:
			return nil, invalid("headers", fieldInvalid, "The header "+name+" is there twice.")
		}
		seen[strings.ToLower(name)] = true
		kept[name] = value
	}
	if len(kept) > maxWebhookHeaders {
		return nil, invalid("headers", fieldTooLong, "These are too many headers. Enter at most 10.")
	}
	return kept, nil
}
