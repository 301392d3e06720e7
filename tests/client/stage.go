package client

import (
	"fmt"
	"testing"

	"regulars/shared/dynamolocal/dynamotest"
)

func Email(n int) string { return fmt.Sprintf("p%d@example.com", n) }

func Phone(n int) string { return fmt.Sprintf("+79%08d", n) }

// Person is an import of somebody with an e-mail, a phone, a push token and more.
func Person(n int, more map[string]any) map[string]any {
	data := map[string]any{
		"email": Email(n), "phones": []string{Phone(n)},
		"subscriptions": []any{map[string]any{
			"channel": "push", "provider": "Firefox", "subscription_id": fmt.Sprintf("token-%d", n), "resource_id": 1,
		}},
	}
	for name, v := range more {
		data[name] = v
	}
	return map[string]any{"email": data["email"], "data": data}
}

// A Stage is a table on which operations are played, each about new persons.
type Stage struct {
	T     *testing.T
	Table string
	Clean Altcraft
	N     int
}

func NewStage(t *testing.T) *Stage {
	t.Helper()
	table := dynamotest.Table(t)
	l := ServiceOn(t, dynamotest.Client(t), table)
	Seed(t, l, table)
	return &Stage{T: t, Table: table, Clean: Altcraft{T: t, Handler: l}}
}
