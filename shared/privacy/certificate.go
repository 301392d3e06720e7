package privacy

import "time"

// A Certificate is what people are told of an erasing, as JSON. It is the proof of it once
// State is [Erased].
type Certificate struct {
	Tenant  int      `json:"tenant"`
	Profile string   `json:"profile"`
	Merged  []string `json:"merged_profiles,omitempty"`
	State   State    `json:"state"`
	// By is who asked for it.
	By    string     `json:"by,omitempty"`
	Began *time.Time `json:"began,omitempty"`
	Ended *time.Time `json:"ended,omitempty"`
	List
	// Left says, by kind, what stays of items.
	Left map[string]string `json:"left"`

	Imports        int      `json:"imports_looked_at,omitempty"`
	Rows           int      `json:"rows_of_imports,omitempty"`
	Objects        int      `json:"objects_rewritten,omitempty"`
	Versions       int      `json:"versions_deleted,omitempty"`
	UploadsThatAre []string `json:"uploads_that_stay,omitempty"`
}

// A State is how far an erasing is.
type State string

// The states.
const (
	Planned State = "planned" // not begun: what there is
	Erasing State = "erasing"
	Erased  State = "erased"
)

// Certificate tells of the erasing.
func (e Erasure) Certificate() Certificate {
	told := Certificate{
		Tenant: e.Tenant, Profile: e.ID.Decimal(), State: Planned, By: e.By, List: e.List, Left: map[string]string{}, Imports: e.Imports,
		Rows: e.Files.Rows, Objects: e.Files.Objects, Versions: e.Files.Versions, UploadsThatAre: e.Uploads,
	}
	for _, merged := range e.Merged {
		told.Merged = append(told.Merged, merged.Decimal())
	}
	for kind := range e.List.Counts {
		if k, ok := KindOf(kind); ok && k.Left != "" {
			told.Left[kind] = k.Left
		}
	}
	if e.Rev != "" {
		told.State, told.Began = Erasing, &e.Began
	}
	if !e.Ended.IsZero() {
		told.State, told.Ended = Erased, &e.Ended
	}
	return told
}
