package console

import (
	"encoding/json"
	"net/http"
	"slices"

	"regulars/shared/errs"
	"regulars/shared/httpapi"
	"regulars/shared/jobs"
	"regulars/shared/meter"
	"regulars/shared/privacy"
)

// An exportPage offers the document of a customer.
type exportPage struct {
	Action, Back string
	// Kept is where the document is that was too large to be sent; empty: none was.
	Kept  string
	Bytes int64
}

// maxExport is how many bytes a document may have that is sent: Lambda answers 6 MB, in
// which each quotation mark takes two.
const maxExport = 4_000_000

// exportCustomer hands out everything that is kept of a customer, as a file. The audit
// trail has a line of it.
func (d *Console) exportCustomer(c *call) (httpapi.Answer, error) {
	page := exportPage{Action: c.cardOf(c.id) + "/export", Back: c.cardOf(c.id)}
	v := view{call: c, Template: "export", Title: c.say("export.title"), Here: "find", Data: page}
	if c.Method != http.MethodPost {
		return d.show(http.StatusOK, v)
	}
	export, err := d.privacy.Export(c.Context(), c.Settings.Tenant, c.id)
	if err != nil {
		return httpapi.Answer{}, err
	}
	document, err := json.Marshal(export)
	if err != nil {
		return httpapi.Answer{}, err
	}
	meter.From(c.Context()).Wrote("customer:" + c.id.Base36())
	if len(document) <= maxExport {
		return attachment("customer-"+c.id.Decimal()+".json", document), nil
	}
	page.Bytes = int64(len(document))
	if page.Kept, err = d.privacy.Keep(c.Context(), c.Settings.Tenant, c.id, document); err != nil {
		return httpapi.Answer{}, err
	}
	v.Data = page
	return d.show(http.StatusOK, v)
}

// attachment is a JSON document that a browser saves as a file.
func attachment(name string, document []byte) httpapi.Answer {
	a := httpapi.JSONText(http.StatusOK, document)
	a.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	return a
}

// An erasePage says what there is of a customer, how far the erasing of it is, or that
// nothing is left.
type erasePage struct {
	privacy.Certificate
	// Watch is the address of the page while the job is under way.
	Action, Back, Download, Watch string
	Lines                         []keptLine
	// Name is the customer's, while it is there and the token may see it.
	Name string
	// Stuck: the job got nowhere and waits for somebody to start it again.
	Stuck bool
}

// A keptLine is a kind of what is kept.
type keptLine struct {
	Label string
	Count int
	// Left is what stays of it; empty: nothing.
	Left string
}

// confirmField is where the customer's id is typed before it is erased.
const confirmField = "confirm"

// eraseCustomer erases a customer for good, once its id was typed; before, it shows what
// there is, and afterwards how far it is, and then the certificate.
func (d *Console) eraseCustomer(c *call) (httpapi.Answer, error) {
	tenant := c.Settings.Tenant
	e, err := d.privacy.Erasure(c.Context(), tenant, c.id)
	if err != nil {
		return httpapi.Answer{}, err
	}
	address := c.cardOf(e.ID) + "/erase"
	if e.ID != c.id { // it was merged into that one
		return c.redirect(address), nil
	}
	page := erasePage{Certificate: e.Certificate(), Action: address, Back: c.cardOf(e.ID), Download: c.cardOf(e.ID) + "/certificate"}
	for _, kind := range privacy.Kinds {
		if n := e.List.Counts[kind.Name]; n > 0 {
			line := keptLine{Label: c.say("kept." + kind.Member), Count: n}
			if kind.Left != "" {
				line.Left = c.say("left." + kind.Member)
			}
			page.Lines = append(page.Lines, line)
		}
	}
	v := view{call: c, Template: "erase", Title: c.say("erase.title"), Here: "find"}
	if who, err := d.existing(c); err == nil && c.seesPeople() {
		page.Name = c.nameOf(who)
	}
	if c.Method == http.MethodPost && page.State != privacy.Erased {
		v.Data = page
		c.Parsed = v
		if c.field(confirmField) != e.ID.Decimal() {
			return httpapi.Answer{}, errs.New(errs.Invalid, "not_confirmed", confirmField, e.ID.Decimal())
		}
		job, err := d.jobs.StartErase(c.Context(), tenant, e.ID, c.actor())
		if err != nil {
			return httpapi.Answer{}, err
		}
		return c.redirect(address + "?job=" + job.ID), nil
	}
	if page.State != privacy.Erased {
		job, under, err := d.erasingJob(c)
		if err != nil {
			return httpapi.Answer{}, err
		}
		// A job that failed leaves it half done.
		page.Stuck = page.State == privacy.Erasing && !under || job.Parked > 0
		if under {
			page.State, page.Watch = privacy.Erasing, address+"?job="+job.ID
		}
	}
	v.Data = page
	return d.show(http.StatusOK, v)
}

// erasingJob is the job that erases the customer of the route: the one that the address
// names, or else one of the list, which may be a moment old. under is false where there
// is none under way.
func (d *Console) erasingJob(c *call) (job jobs.Progress, under bool, err error) {
	id := c.query.Get("job")
	if id == "" {
		list, err := d.jobs.List(c.Context(), c.Settings.Tenant)
		if err != nil {
			return job, false, err
		}
		i := slices.IndexFunc(list, func(j jobs.Job) bool {
			return j.Kind == jobs.EraseCustomer && j.Subject.Name == c.id.Base36() && j.Open()
		})
		if i < 0 {
			return job, false, nil
		}
		id = list[i].ID
	}
	job, err = d.jobs.Show(c.Context(), c.Settings.Tenant, id)
	return job, err == nil && job.Open() && job.Kind == jobs.EraseCustomer && job.Subject.Name == c.id.Base36(), err
}

// certificate hands out what is kept of an erasing, as a file.
func (d *Console) certificate(c *call) (httpapi.Answer, error) {
	e, err := d.privacy.Erasure(c.Context(), c.Settings.Tenant, c.id)
	if err != nil {
		return httpapi.Answer{}, err
	}
	if e.Ended.IsZero() {
		return httpapi.Answer{}, errs.New(errs.FailedPrecondition, "not_erased", "")
	}
	document, err := json.MarshalIndent(e.Certificate(), "", "  ")
	if err != nil {
		return httpapi.Answer{}, err
	}
	return attachment("erased-"+e.ID.Decimal()+".json", document), nil
}
