.DEFAULT_GOAL := help
.PHONY: help run test prove check bench bench-peers console build release vulns invoke sam sam-local admin import deploy fuzz corpora clean
MAKEFLAGS += --no-print-directory

ARCH ?= arm64
FUZZTIME ?= 10m
FUNCTIONS := $(patsubst functions/%/lambda,%,$(wildcard functions/*/lambda))

# How binaries for Lambda are built, by go build and by sam build alike. Without CGO_ENABLED=0 they may not start there.
LAMBDA := CGO_ENABLED=0 GOFLAGS='-tags=lambda.norpc -trimpath -buildvcs=false "-ldflags=-s -w"'
# Runs a command with one DynamoDB Local around it, which the command finds in DYNAMODB_ENDPOINT.
WITH := go run ./shared/dynamolocal/with
# The race detector needs a C compiler.
RACE = $(if $(shell command -v $$(go env CC)),-race)

SAM := .cache/sam/bin/sam
export SAM_CLI_TELEMETRY := 0
# sam local runs binaries for the machine it is on.
MACHINE = Architecture=$(if $(filter arm64 aarch64,$(shell uname -m)),arm64,x86_64)

help: ## prints these lines
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: has-go ## serves everything on localhost (PORT, S3_PORT, DATA, DYNAMODB_ENDPOINT, S3_ENDPOINT)
	go run ./functions/local

test: has-go ## all tests, at sizes for a person who waits
	$(if $(RACE),,@echo 'No C compiler: testing without the race detector; install one with: apt-get install gcc libc6-dev')
	$(WITH) -- go test $(RACE) -shuffle=on $$(go list ./... | grep -v '/tests/')
	$(LAMBDA) $(WITH) -- go test -shuffle=on -parallel 6 ./tests/...

# What plays requests against the assembled service takes three times as long with the race detector; it has it here. In
# make test it is built as the functions are: it runs these, too, and so nothing is compiled a second time.
prove: has-go ## races, kills and volumes at full size, and the tests of the whole with the race detector
	PROVE=1 $(WITH) -- go test -run Prove -timeout 120m ./functions/... ./shared/... ./tests/...
	$(WITH) -- go test $(RACE) -shuffle=on -timeout 30m ./tests/...

console: has-go ## journeys through the console in Chromium, with pictures in .cache/console, and those of docs/console.md
	mkdir -p .cache/console
	PROVE=1 SCREENSHOTS="$$PWD/.cache/console" $(WITH) -- go test -count=1 -timeout 30m -run Prove ./tests/console
	for name in $$(grep -o 'console/[a-z0-9-]*\.png' docs/console.md); do cp .cache/$$name docs/$$name; done

# What gosec looks for but for one rule, which names no fault here (docs/decisions/gosec.md), in what is deployed and in
# the programs of operators. What serves a development machine starts processes and reads files whose names it is given.
GOSEC := go run github.com/securego/gosec/v2/cmd/gosec@v2.22.4 -quiet -exclude=G115 -exclude-dir=functions/local -exclude-dir=shared/dynamolocal

check: has-go ## format, vet, staticcheck, gosec, the rooms, the licences of what is deployed and, after make sam, the template
	@files=$$(gofmt -l $(wildcard functions shared tests)); test -z "$$files" || { echo 'gofmt -w' $$files; exit 1; }
	go vet ./...
	go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...
	$(GOSEC) ./functions/... ./shared/...
	go test -run 'Rooms|Licences' ./tests/whole
	$(if $(wildcard $(SAM)),$(SAM) validate --lint --region us-east-1)

bench: has-go ## what the service costs beside the bare DynamoDB calls (FULL=1, RUN='points add', JSON=bench.json)
	env -u AWS_CA_BUNDLE $(WITH) -- go run ./tests/bench $(if $(FULL),-full) $(if $(RUN),-run '$(RUN)') $(if $(JSON),-json '$(JSON)')

bench-peers: has-go ## what the service does beside a ledger and customers in PostgreSQL (RUN='one account', JSON=peers.json)
	env -u AWS_CA_BUNDLE go run ./tests/peers $(if $(RUN),-run '$(RUN)') $(if $(JSON),-json '$(JSON)')

build: has-go has-python3 ## binaries and zips for Lambda in .cache/build (ARCH=arm64 or amd64)
	@set -e; for name in $(FUNCTIONS); do \
		$(LAMBDA) GOOS=linux GOARCH=$(ARCH) go build -o .cache/build/$$name/bootstrap ./functions/$$name/lambda; \
		cd .cache/build/$$name; \
		touch -t 198001010000 bootstrap; `# the same code makes the same zip` \
		python3 -m zipfile -c ../$$name.zip bootstrap; \
		cd ../../..; ls -l .cache/build/$$name.zip; \
	done

# The second build begins with nothing, in a folder of another name: whatever of the machine got into a binary would show.
release: build ## builds twice and compares, and writes SHA256SUMS, MODULES and a list of modules as CycloneDX (SBOM.json)
	@git diff --quiet HEAD || { echo 'There are changes that are not committed; a release is of a commit.' >&2; exit 1; }
	rm -rf .cache/again && mkdir -p .cache/again
	git archive HEAD | tar -x -C .cache/again
	GOCACHE=$$PWD/.cache/again/gocache $(MAKE) -C .cache/again build ARCH=$(ARCH)
	@for name in $(FUNCTIONS); do cmp .cache/build/$$name.zip .cache/again/.cache/build/$$name.zip || exit 1; done
	rm -rf .cache/again
	cd .cache/build && sha256sum *.zip >SHA256SUMS && cat SHA256SUMS
	for name in $(FUNCTIONS); do go version -m .cache/build/$$name/bootstrap; done >.cache/build/MODULES
	go mod verify
	go run github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0 mod -json -output .cache/build/SBOM.json .

vulns: has-go ## looks for known vulnerabilities in what is called (needs vuln.go.dev, or a copy: GOVULNDB=file:///...)
	go run golang.org/x/vuln/cmd/govulncheck@v1.1.4 $(if $(GOVULNDB),-db $(GOVULNDB)) ./...

invoke: has-go ## runs a function as Lambda would (FUNCTION=altcraft EVENT=events/altcraft-import.json)
	@go run ./tests/invoke -function '$(FUNCTION)' -event '$(EVENT)'

sam: $(SAM) ## fetches the SAM CLI into .cache/sam

# Where a container finds this machine: on Linux at the gateway of Docker's network, which other machines do not reach;
# elsewhere Docker leads host.docker.internal to the loopback interface.
CONTAINERS = $(if $(filter Linux,$(shell uname)),$(shell docker network inspect bridge -f '{{(index .IPAM.Config 0).Gateway}}'),127.0.0.1)

sam-local: has-go has-docker $(SAM) ## sam local start-api against DynamoDB Local (PORT, SAM_FLAGS=--skip-pull-image)
	@docker info >/dev/null || { echo 'The Docker daemon must run; start it with: systemctl start docker' >&2; exit 1; }
	go build ./... # sam build hides the real error
	$(LAMBDA) $(SAM) build --parameter-overrides $(MACHINE)
	@printf '{"Parameters": {"TABLE_NAME": "regulars", "AWS_ENDPOINT_URL_DYNAMODB": "http://host.docker.internal:8000", "ANCHOR_KEY": ""}}' >.cache/sam-local.json
	env -u DYNAMODB_ENDPOINT TABLE_NAME=regulars $(WITH) -port 8000 -address "$(CONTAINERS)" -- sh -c 'go run ./functions/local -seed-only && \
		exec $(SAM) local start-api --port $(or $(PORT),3000) --warm-containers EAGER --parameter-overrides $(MACHINE) \
		--add-host host.docker.internal:host-gateway --env-vars .cache/sam-local.json $(SAM_FLAGS)'

# Every variable of the command line becomes an argument NAME=value; the shell takes the values from its environment,
# where make puts them, so that spaces and quotes survive.
admin: has-go ## administration (ACTION=..., TARGET=aws for the deployed one); alone it lists the actions
	@go build -o .cache/admin ./functions/admin/cli
	@.cache/admin $(foreach v,$(.VARIABLES),$(if $(filter command,$(origin $v)),"$v=$$$v"))

import: has-go ## imports a file (FILE=customers.csv TENANT=5 MATCHING=email ..., TARGET=aws); alone it says what there is
	@go build -o .cache/import ./functions/imports/cli
	@.cache/import $(foreach v,$(.VARIABLES),$(if $(filter command,$(origin $v)),"$v=$$$v"))

audit: has-go ## walks a table and proves it whole (TARGET=aws TABLE_NAME=... ANCHOR_KEY=...; else the data of make run, which must not run)
	@$(if $(TARGET),TARGET=$(TARGET)) go run ./functions/local/table/cli audit

export: has-go ## writes the items of a tenant (TENANT=5 FILE=tenant5.jsonl, TARGET=aws TABLE_NAME=...)
	@TENANT='$(TENANT)' FILE='$(FILE)' go run ./functions/local/table/cli export

restore: has-go ## puts an export into a table that has none of its tenant, and audits it (FILE=tenant5.jsonl, TARGET=aws TABLE_NAME=...)
	@FILE='$(FILE)' go run ./functions/local/table/cli restore

deploy: has-go $(SAM) ## builds and deploys, asking for what it needs to know
	go build ./... # sam build hides the real error
	$(LAMBDA) $(SAM) build
	@echo 'AlarmTopicArn, which is asked for, is the SNS topic that is told of alarms. Empty: nobody is told.'
	$(SAM) deploy --guided
	@echo 'Now make the first tenant and its token:'
	@echo "  make admin TARGET=aws ACTION=create-tenant TENANT=1 NAME='My shop'"
	@echo "  make admin TARGET=aws ACTION=create-token TENANT=1 SCOPES=alt.read,alt.write,imports.read,imports.run NAME='import'"

fuzz: has-go ## each fuzz target for a while (FUZZTIME=10m), or one of them (TARGET=FuzzLedger)
	@found=$$(grep -rHox --include='*_test.go' 'func $(or $(TARGET),Fuzz[A-Za-z0-9_]*)(f \*testing.F) {' $(wildcard functions shared tests)) || \
		{ echo 'There is no fuzz target $(TARGET).' >&2; exit 1; }; \
	mkdir -p .cache; : >.cache/fuzz.sums; \
	echo "$$found" | sed 's/(.*//' | while IFS=: read -r file name; do \
		echo "$${name#func } of $$(dirname "$$file"), for $(FUZZTIME)"; \
		go test -run '^$$' -fuzz "^$${name#func }\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x "./$$(dirname "$$file")" </dev/null >.cache/fuzz.log 2>&1 || \
			{ cat .cache/fuzz.log; exit 1; }; \
		sed -n 's/.*execs: \([0-9]*\).*/\1/p' .cache/fuzz.log | tail -1 | tee -a .cache/fuzz.sums; \
	done && awk '{ n += $$1 } END { print n " executions" }' .cache/fuzz.sums

# Go looks for more inputs from those in testdata/fuzz on, and tests with them each time. The names are hashes: the first
# twenty are any twenty.
corpora: has-go ## keeps up to 20 small inputs of each fuzz target that make fuzz found, as files beside its test
	@cd "$$(go env GOCACHE)/fuzz/regulars" && find . -mindepth 1 -type d -name 'Fuzz*' | while read -r target; do \
		kept="$(CURDIR)/$$(dirname "$$target")/testdata/fuzz/$$(basename "$$target")"; mkdir -p "$$kept"; \
		room=$$((20 - $$(ls "$$kept" | wc -l))); \
		test $$room -le 0 || find "$$target" -type f -size -2 | sort | head -n $$room | xargs -r cp -t "$$kept"; \
	done

clean: ## removes .cache: builds, fetched tools and the local data
	rm -rf .cache

$(SAM): | has-python3
	python3 -m venv .cache/sam || { echo 'install what is missing with: apt-get install python3-venv' >&2; exit 1; }
	.cache/sam/bin/pip install --quiet aws-sam-cli==1.170.0

# Java and Maven are looked for by shared/dynamolocal, when they are needed.
has-%:
	@command -v $* >/dev/null || { echo '$* is missing; install it with: $(install-$*)' >&2; exit 1; }

install-go := curl -fsSL https://go.dev/dl/go1.26.0.linux-$$(dpkg --print-architecture).tar.gz | tar -C /usr/local -xz
install-python3 := apt-get install python3 python3-venv
install-docker := apt-get install docker.io
