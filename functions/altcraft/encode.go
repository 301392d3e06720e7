package altcraft

import (
	"crypto/md5" // #nosec G501 -- Altcraft shows it (_md5)
	"encoding/hex"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"

	"regulars/shared/contact"
	"regulars/shared/customer"
)

// shownElsewhere are the names under which this dialect shows core fields and
// figures of its own. A custom field of that name, written through another
// dialect, is not shown here.
var shownElsewhere = []string{
	"email", "phones", "_fname", "_lname", "Title", "_country", "_region", "_city", "address", "_sex", "_bdate",
	"loyalty_status", "tags", "subscriptions", "_segments", "id", "_id", "db_id", "_createtime", "_emaildomain", "_md5", "_xxh", "_xxm",
}

// show is the read form of a profile (Altcraft 3 and 6.7).
func show(tenant int, c customer.Customer) map[string]any {
	data := make(map[string]any, len(c.Custom)+len(shownElsewhere))
	if len(c.Custom) > 0 {
		maps.Copy(data, c.Custom)
		for _, name := range shownElsewhere {
			delete(data, name)
		}
	}
	showText(data, "_fname", c.FirstName)
	showText(data, "_lname", c.LastName)
	showText(data, "Title", c.Title)
	showText(data, "_country", c.Country)
	showText(data, "_region", c.Region)
	showText(data, "_city", c.City)
	showText(data, "address", c.Street)
	data["_sex"] = c.Sex.Word()
	showContacts(data, c)
	showSystem(data, tenant, c)
	data["subscriptions"] = showSubscriptions(c.Subscriptions)
	return data
}

// show is the read form of a profile of the call's tenant, with the segments it is
// in. Those that were removed are not shown.
func (c *call) show(found customer.Customer) map[string]any {
	data := show(c.Settings.Tenant, found)
	var segments []int64
	for _, n := range found.Segments {
		if _, declared := c.Settings.Segments[n]; declared {
			segments = append(segments, n)
		}
	}
	if len(segments) > 0 {
		data["_segments"] = segments
	}
	return data
}

func showText(data map[string]any, name, text string) {
	if text != "" {
		data[name] = text
	}
}

func showContacts(data map[string]any, c customer.Customer) {
	if len(c.Emails) > 0 {
		data["email"], data["_emaildomain"], data["_md5"] = c.Emails[0], domainOf(c.Emails[0]), md5Of(c.Emails[0])
	}
	if len(c.Phones) > 0 {
		data["phones"] = c.Phones
	}
	if len(c.Tags) > 0 {
		data["tags"] = c.Tags
	}
}

// showSystem adds what the system knows. _xxh and _xxm are computed from the id
// as Altcraft 3.2 found them to be.
func showSystem(data map[string]any, tenant int, c customer.Customer) {
	id := c.ID.Hex()
	digest := xxhash.Sum64String(id)
	data["id"], data["db_id"] = id, tenant
	data["_createtime"] = formDate(c.ID.Created())
	data["_xxh"], data["_xxm"] = fmt.Sprintf("%016x", digest), digest%10000
	if c.BirthDate != "" {
		data["_bdate"] = formDate(c.BirthDate.Time())
	}
	data["loyalty_status"] = "enabled"
	if c.Disabled {
		data["loyalty_status"] = "disabled"
	}
}

func domainOf(address string) string {
	return strings.ToLower(address[strings.LastIndex(address, "@")+1:])
}

func md5Of(address string) string {
	sum := md5.Sum([]byte(contact.FormerEmailKey(address))) // #nosec G401 -- Altcraft shows it (_md5)
	return hex.EncodeToString(sum[:])
}

// A shownSubscription is the read form of Altcraft 5.4.
type shownSubscription struct {
	Resource  int64            `json:"resource_id"`
	Channel   customer.Channel `json:"channel"`
	EmailData *emailData       `json:"email_data,omitempty"`
	PhoneData *phoneData       `json:"phone_data,omitempty"`
	PushData  *pushData        `json:"push_data,omitempty"`
	CCData    any              `json:"cc_data,omitempty"`
	Status    customer.Status  `json:"status"`
	Priority  int64            `json:"priority"`
	Cats      []string         `json:"cats"`
	Custom    map[string]any   `json:"custom_fields"`
	RegInfo   regInfo          `json:"reg_info"`
	Hash      string           `json:"hash_id"`
	Deleted   bool             `json:"is_delete"`
}

type emailData struct {
	Email  string `json:"email"`
	Domain string `json:"domain"`
	Group  string `json:"domain_group"`
	MD5    string `json:"md5"`
}

type phoneData struct {
	Phone string `json:"phone"`
}

type pushData struct {
	Provider string `json:"provider"`
	Token    string `json:"subscription_id"`
}

type chatData struct {
	ID any `json:"id"`
}

type regInfo struct {
	Date string `json:"date"`
	IP   string `json:"ip,omitempty"`
	URL  string `json:"url,omitempty"`
}

func showSubscriptions(subscriptions []customer.Subscription) []shownSubscription {
	shown := make([]shownSubscription, len(subscriptions))
	for i, s := range subscriptions {
		shown[i] = showSubscription(s)
	}
	return shown
}

func showSubscription(s customer.Subscription) shownSubscription {
	shown := shownSubscription{
		Resource: s.Resource, Channel: s.Channel, Status: s.Status, Cats: s.Cats, Custom: s.Custom,
		RegInfo: regInfo{formDate(s.Created), s.IP, s.URL}, Hash: s.Hash(), Deleted: s.Deleted,
	}
	if s.Priority != nil {
		shown.Priority = *s.Priority
	}
	if shown.Cats == nil {
		shown.Cats = []string{}
	}
	if shown.Custom == nil {
		shown.Custom = map[string]any{}
	}
	switch s.Channel {
	case customer.ChannelEmail:
		shown.EmailData = &emailData{s.Contact, domainOf(s.Contact), "other", md5Of(s.Contact)}
	case customer.ChannelSMS:
		shown.PhoneData = &phoneData{s.Contact}
	case customer.ChannelPush:
		shown.PushData = &pushData{s.Provider, s.Contact}
	case customer.ChannelTelegram:
		shown.CCData = chatData{chatID(s.Contact)}
	default:
		shown.CCData = phoneData{s.Contact}
	}
	return shown
}

// chatID is the id of a chat, as the number that most are.
func chatID(contact string) any {
	if n, err := strconv.ParseInt(contact, 10, 64); err == nil && strconv.FormatInt(n, 10) == contact {
		return n
	}
	return contact
}
