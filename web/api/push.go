package api

import "parley/models"

// PushDevice is a browser on which an agent gets notifications. Its endpoint and keys are secrets of the browser.
type PushDevice struct {
	DeviceID    string  `json:"device_id"`
	UserAgent   string  `json:"user_agent"`
	Fingerprint string  `json:"fingerprint"`
	CreatedAt   Time    `json:"created_at"`
	SentAt      *Time   `json:"sent_at"`
	FailedAt    *Time   `json:"failed_at"`
	IsCurrent   IntBool `json:"is_current"`
}

// PushDeviceOf returns the JSON of a device.
func PushDeviceOf(p *models.PushDevice) PushDevice {
	return PushDevice{
		DeviceID: p.ID, UserAgent: p.UserAgent, Fingerprint: p.Fingerprint(), CreatedAt: Time(p.CreatedAt), SentAt: OptionalTime(p.SentAt),
		FailedAt: OptionalTime(p.FailedAt), IsCurrent: IntBool(p.Current),
	}
}

// PushDevices are the devices of an agent, with the key that browsers subscribe with.
type PushDevices struct {
	PublicKey string       `json:"public_key"`
	Devices   []PushDevice `json:"devices"`
}
