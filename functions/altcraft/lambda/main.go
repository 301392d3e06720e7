// Command lambda is the function that serves everything below /api.
package main

import (
	"context"
	"log"
	"os"
	"time"

	"regulars/functions/altcraft"
	"regulars/shared/access"
	"regulars/shared/boot"
	"regulars/shared/customer"
	"regulars/shared/dynamo"
	"regulars/shared/lambdahttp"
)

func main() {
	environment, err := boot.ReadEnvironment(os.Getenv)
	if err != nil {
		log.Fatal(err)
	}
	cfg, err := environment.Config(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	store := dynamo.New(environment.DynamoDB(cfg), environment.TableName, time.Now)
	customers := customer.NewService(store, time.Now)
	if environment.EndpointOverridden() {
		customers = customers.WithSettling(0) // nobody waits on a laptop
	}
	lambdahttp.Serve(altcraft.New(altcraft.Options{
		Customers: customers,
		Guard: access.NewGuard(store, time.Now, access.GuardOptions{
			Remember: boot.Remember, LocalTokens: environment.EndpointOverridden(),
		}),
		Log:      boot.Logger(),
		Deadline: boot.Deadline,
	}))
}
