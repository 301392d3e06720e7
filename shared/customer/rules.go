package customer

// Rules are what a tenant declared that decides how its customers are stored and
// found. They travel as one value, so that no caller can mix those of two reads of
// the settings.
type Rules struct {
	// Tenant is its number.
	Tenant int
	// MatchFields are its match fields, those being removed among them.
	MatchFields MatchFields
	// IdentKeys are all its identification keys, in every state.
	IdentKeys IdentKeys
	// HistoryDays is for how many days the history of a customer has what its fields were
	// and became; 0: there is no history.
	HistoryDays int
}
