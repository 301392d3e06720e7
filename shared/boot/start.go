package boot

import (
	"log"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Start is how a function begins: it reads the environment, with the variables in
// needs, and makes the configuration of the AWS SDK. Where it cannot, it says why
// on stderr and exits with 1, so it is for main alone.
func Start(needs ...string) (Environment, aws.Config) {
	environment, err := ReadEnvironment(os.Getenv, needs...)
	if err != nil {
		log.Fatal(err)
	}
	environment.Clock = new(Clock)
	cfg, err := environment.Config()
	if err != nil {
		log.Fatal(err)
	}
	return environment, cfg
}
