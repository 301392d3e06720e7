package console_test

import (
	"os"
	"testing"

	"regulars/tests/client"
)

// Budgets are counted by tests/whole.
func TestMain(m *testing.M) { os.Exit(client.Main(m, "console", "UpdateItem Q#*")) }
