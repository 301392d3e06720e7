package rowfile_test

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"regulars/shared/imports/rowfile"
	"regulars/shared/value"
)

// types are what the tenant of these tests declares.
var types = rowfile.Types{
	Fields: map[string]string{
		"LOYALTY_SCORE": "int", "rate": "float", "vip": "bool", "since": "date", "likes": "tags", "card": "object", "cards": "arr_object",
		"code": "string", "CRM_ID": "", "Level": "int", "LEVEL": "float", "title": "int",
	},
	Extensions: map[string]map[string]string{"Phone": {"PhoneNumber": "string", "Main": "boolean", "Rank": "integer"}},
}

type object = map[string]any

// read reads a whole file: the rows, and in place of a row its error.
func read(t testing.TB, file string, o rowfile.Options) (rows []any, err error) {
	t.Helper()
	if o.Format == "" {
		o.Format = rowfile.CSV
	}
	text, err := rowfile.Decode(strings.NewReader(file), o, false)
	if err != nil {
		return nil, err
	}
	h, length, err := rowfile.ReadHeader(&text, o)
	if err != nil {
		return nil, err
	}
	if text.AsStored && h.Format == rowfile.CSV && !strings.Contains(file[:length], h.Columns[0]) {
		t.Errorf("the header %q has %d bytes", file, length)
	}
	d, err := rowfile.NewDecoder(h, o, types)
	if err != nil {
		return nil, err
	}
	for r := rowfile.NewReader(text, h, 1); ; {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		row, err := d.Row(rec)
		if err != nil {
			rows = append(rows, err.Error())
			continue
		}
		if row.Number != int64(len(rows)+1) {
			t.Errorf("row %d has the number %d", len(rows)+1, row.Number)
		}
		row.Number = 0
		rows = append(rows, row)
	}
}

func mapping(t testing.TB, document string) rowfile.Mapping {
	t.Helper()
	m, err := rowfile.ParseMapping([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// of is a row with that data.
func of(data object) rowfile.Row { return rowfile.Row{Data: value.Members(data)} }

func number(n string) json.Number { return json.Number(n) }

func TestRows(t *testing.T) {
	tests := []struct {
		name, file string
		options    rowfile.Options
		mapping    string
		want       []any
	}{
		{
			name: "fields", file: "email,_fname,Favourite colour\na@x.com,Ann,\nb@x.com, Bo ,red\n",
			want: []any{of(object{"email": "a@x.com", "_fname": "Ann"}), of(object{"email": "b@x.com", "_fname": " Bo ", "Favourite colour": "red"})},
		},
		{
			name: "a header in another case, with blanks, a mark and semicolons", file: "\ufeff EMAIL ; _FName ;loyalty_score\r\na@x.com;Ann;7\r\n",
			want: []any{of(object{"email": "a@x.com", "_fname": "Ann", "LOYALTY_SCORE": number("7")})},
		},
		{
			name: "names that only case tells apart, and known ones in another case", file: "email,Level,LEVEL,level,TITLE,title,phone.0.MAIN,SubscrİptİonS.0.custom_fields.x,Subscriptions.0.Custom_Fields.X,address.1.x\nx,1,1.5,007,007,8,1,a,b,c\n",
			want: []any{rowfile.Row{
				Data: value.Members(object{
					"email": "x", "Level": number("1"), "LEVEL": number("1.5"), "level": "007", "TITLE": "007", "title": number("8"),
					"subscriptions": []any{object{"custom_fields": object{"x": "a", "X": "b"}}},
				}),
				Extensions: map[string][]object{"Phone": {{"Main": true}}, "address": {{"x": "c"}}},
			}},
		},
		{name: "tabs", file: "email\t_fname\na@x.com\t\"A\tB\"\n", want: []any{of(object{"email": "a@x.com", "_fname": "A\tB"})}},
		{name: "the separator of a spreadsheet", file: "sep=;\nemail;a,b,c,d\nx;y\n", want: []any{of(object{"email": "x", "a,b,c,d": "y"})}},
		{name: "semicolons, and commas within quotes", file: "email;\"a,b,c,d\"\nx;y\n", want: []any{of(object{"email": "x", "a,b,c,d": "y"})}},
		{name: "a name of two lines", file: "email;\"Stadt,\nLand\"\nx;y\n", want: []any{of(object{"email": "x", "Stadt,\nLand": "y"})}},
		{name: "a delimiter that was chosen", file: "email|a;b;c\nx|y\n", options: rowfile.Options{Delimiter: '|'}, want: []any{of(object{"email": "x", "a;b;c": "y"})}},
		{name: "header only", file: "email,phones\n", want: nil},
		{name: "header only, without a line end", file: "email,phones", want: nil},
		{name: "one column", file: "email\na@x.com\n\n\"\"\n", want: []any{of(object{"email": "a@x.com"}), of(object{})}},
		{
			name: "lists", file: "email,phones,tags,likes\nx,+79001234567|+79001234568,vip| new |,a|b\ny,1,|,\n",
			want: []any{
				of(object{"email": "x", "phones": []any{"+79001234567", "+79001234568"}, "tags": []any{"vip", "new"}, "likes": []any{"a", "b"}}),
				of(object{"email": "y", "phones": []any{"1"}}),
			},
		},
		{
			name: "declared types", file: "email,LOYALTY_SCORE,rate,vip,since,code,card,cards,n\nx,-12,1.50,TRUE,2020-01-02, 007,\"{\"\"a\"\":1.0}\",[{}],007\n",
			want: []any{of(object{
				"email": "x", "LOYALTY_SCORE": number("-12"), "rate": number("1.5"), "vip": true, "since": "2020-01-02", "code": " 007",
				"card": object{"a": number("1")}, "cards": []any{object{}}, "n": "007",
			})},
		},
		{
			name: "what a spreadsheet damaged", file: "email,LOYALTY_SCORE,rate,vip\nx,1E+10,,\nx,007,,\nx,1.5,,\nx,,\"1,5\",\nx,,,ja\nx,12x,,\nx,9223372036854775808,,\nx,,1e,\n",
			want: []any{
				"bad_cell/exponent at LOYALTY_SCORE", "bad_cell/zeros at LOYALTY_SCORE", "bad_cell/whole at LOYALTY_SCORE", "bad_cell/number at rate",
				"bad_cell/boolean at vip", "bad_cell/number at LOYALTY_SCORE", "bad_cell/whole at LOYALTY_SCORE", "bad_cell/number at rate",
			},
		},
		{
			name: "rows that are none", file: "email,_fname\nx\nx,y,z\nx,\"y\"z\nx,a\"b\nx,\x00\nx,\xff\n\x01,y\nx,y\n",
			want: []any{
				"bad_row/cells: [1 2]", "bad_row/cells: [3 2]", "bad_row/quote", "bad_row/bare_quote: [4]", "bad_cell/nul at _fname", "bad_cell/utf8 at _fname",
				"bad_cell/control_character at email: [U+0001]", of(object{"email": "x", "_fname": "y"}),
			},
		},
		{
			name: "a column without a name", file: "email,,\nx,,\nx,, y\n",
			want: []any{of(object{"email": "x"}), "bad_row/unnamed_column: [3]"},
		},
		{
			name: "functions", file: "email,checks:incr,tags:ADD,old:unset,cards:delete,card:upsert:issued.by,CODE:set\nx,-5,a|b,1,\"{\"\"n\"\":1}\",me,z\ny,,,false,,,\n",
			want: []any{of(object{
				"email": "x", "checks": object{"action": "incr", "value": number("-5")}, "tags": object{"action": "add", "value": []any{"a", "b"}},
				"old": object{"action": "unset"}, "cards": object{"action": "delete", "value": object{"n": number("1")}},
				"card": object{"action": "upsert", "value": "me", "submatch": "issued.by"}, "code": object{"action": "set", "value": "z"},
			}), of(object{"email": "y"})},
		},
		{
			name: "subscriptions", file: "email,subscriptions.1.email,Subscriptions.1.Resource_ID,subscriptions.0.channel,subscriptions.0.phone,subscriptions.0.custom_fields.A.b:incr,subscriptions.0.cats,subscriptions.0.cc_data.id,subscriptions.0.priority\n" +
				"x,s@x.com,3,sms,+7,2,p|q,9,-1\ny,,,sms,,,,,\nz,,0,,,,,,\n",
			want: []any{
				of(object{"email": "x", "subscriptions": []any{
					object{"channel": "sms", "phone": "+7", "custom_fields": object{"A.b": object{"action": "incr", "value": number("2")}}, "cats": []any{"p", "q"}, "cc_data": object{"id": "9"}, "priority": number("-1")},
					object{"email": "s@x.com", "resource_id": number("3")},
				}}),
				of(object{"email": "y", "subscriptions": []any{object{"channel": "sms"}}}),
				"bad_cell/least at Subscriptions.1.Resource_ID: [1]",
			},
		},
		{
			name: "extensions, points and orders", file: "email,Phone.1.PhoneNumber,Phone.0.PhoneNumber,Phone.0.Main,Phone.0.Rank,points.add,points.subtract,points.reason,points.ref_id,order.id,order.total,order.paid_at\n" +
				"x,+2,+1,true,3,50,,gift,r1,A1,1000,2024-01-02T03:04:05+02:00\ny,+2,,,,0,7,,,,,\nz,,,,,1,1,,,,,\nz,,,,,-1,,,,,,\nz,,,,,,,,,A2,,\nz,,,,,,,,,,5,\nz,,,,,,,,,A2,1.5,\nz,,,,,,,,,A2,5,tomorrow\n",
			want: []any{
				rowfile.Row{
					Data: value.Members(object{"email": "x"}), Extensions: map[string][]object{"Phone": {{"PhoneNumber": "+1", "Main": true, "Rank": number("3")}, {"PhoneNumber": "+2"}}},
					Points: &rowfile.Points{Add: 50, Reason: "gift", RefID: "r1"},
					Order:  &rowfile.Order{ID: "A1", Total: 1000, PaidAt: time.Date(2024, 1, 2, 1, 4, 5, 0, time.UTC)},
				},
				rowfile.Row{Data: value.Members(object{"email": "y"}), Extensions: map[string][]object{"Phone": {{"PhoneNumber": "+2"}}}, Points: &rowfile.Points{Subtract: 7}},
				"bad_row/points_both", "bad_cell/least at points.add: [0]", "bad_row/order_without: [order.total]", "bad_row/order_without: [order.id]",
				"bad_cell/whole at order.total", "bad_date/date at order.paid_at",
			},
		},
		{
			name: "empty cells that clear", options: rowfile.Options{EmptyClears: true}, file: "email,_fname,tags,checks:incr,points.add,subscriptions.0.email\n, ,,,,\n",
			want: []any{of(object{"_fname": object{"action": "unset"}, "tags": object{"action": "unset"}})},
		},
		{
			name: "a mapping", file: "E-Mail-Adresse;Geburtstag;Punkte;Bemerkung;Stand;Neu\na@x.com;1.12.1990;1.234;x;1.234,50;y\nb@x.com;13/13/2020;;;;\nc@x.com;31.02.2020;;;;\nd@x.com;;12.34;;;\ne@x.com;;;;0.5;\n",
			mapping: `{"columns": {"e-mail-adresse ": "email", "Geburtstag": "_bdate", "Punkte": "points.add", "Stand": "rate"}, "ignore": ["bemerkung"],
				"constants": {"_country": "DE", "points.reason": "old shop", "vip": "1", "n": 5, "tags:add": "a|b", "subscriptions.0.resource_id": 1, "order.total": 5}, "dates": "DD.MM.YYYY", "numbers": "1.234,50"}`,
			want: []any{
				rowfile.Row{Data: value.Members(object{
					"email": "a@x.com", "_bdate": "1990-12-01", "rate": number("1234.5"), "Neu": "y", "_country": "DE", "vip": true, "n": number("5"), "tags": object{"action": "add", "value": []any{"a", "b"}},
				}), Points: &rowfile.Points{Add: 1234, Reason: "old shop"}},
				"bad_cell/date at Geburtstag: [DD.MM.YYYY]", "bad_cell/date at Geburtstag: [DD.MM.YYYY]", "bad_cell/number at Punkte", "bad_cell/number at Stand",
			},
		},
		{
			name: "constants of a subscription that the file has", file: "email,subscriptions.0.email\nx,s@x.com\ny,\n", mapping: `{"constants": {"subscriptions.0.resource_id": 1, "subscriptions.0.channel": "email"}}`,
			want: []any{of(object{"email": "x", "subscriptions": []any{object{"email": "s@x.com", "resource_id": number("1"), "channel": "email"}}}), of(object{"email": "y"})},
		},
		{
			name: "apostrophes before formulas", file: "email,phones,note\nx,'+79001234567,'=1\ny,\"a,'+7\",'tis\n",
			want: []any{
				of(object{"email": "x", "phones": []any{"+79001234567"}, "note": "=1"}),
				of(object{"email": "y", "phones": []any{"a,'+7"}, "note": "'tis"}),
			},
		},
		{
			name: "a report that was mended", file: "email,note,Row,error,error_text\nx,\"a,'+7\",7,bad_email,some\n",
			want: []any{of(object{"email": "x", "note": "a,+7"})},
		},
		{
			name: "a report about a file with such a column", file: "email,Row,row,error,error_text\nx,A,7,bad_email,some\n",
			want: []any{of(object{"email": "x", "Row": "A"})},
		},
		{name: "a column that only looks like one of a report", file: "email,row\nx,7\n", want: []any{of(object{"email": "x", "row": "7"})}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := tt.options
			if tt.mapping != "" {
				var err error
				if o, err = mapping(t, tt.mapping).Apply(o); err != nil {
					t.Fatal(err)
				}
			}
			got, err := read(t, tt.file, o)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}

// What the file calls a field is told where a value is rejected further on.
func TestColumn(t *testing.T) {
	for _, h := range []rowfile.Header{
		{Format: rowfile.CSV, Columns: []string{"EMAIL", "Telefon", "checks:incr", "subscriptions.0.email"}, Delimiter: ','},
		{Format: rowfile.JSONLines},
	} {
		o := rowfile.Options{Format: h.Format, Mapping: mapping(t, `{"columns":{"Telefon":"phones","Besuche":"checks:incr"}}`)}
		if h.Format == rowfile.CSV {
			o.Mapping.Columns = map[string]string{"telefon": "phones"}
		}
		d, err := rowfile.NewDecoder(h, o, types)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"phones": "Telefon", "phones[1]": "Telefon", "email": "EMAIL", "checks.value": "checks:incr", "subscriptions[0].email": "subscriptions[0].email", "": ""}
		if h.Format == rowfile.JSONLines {
			want["email"], want["checks.value"] = "email", "Besuche"
		}
		for path, column := range want {
			if got := d.Column(path); got != column {
				t.Errorf("%s: Column(%q) = %q, want %q", h.Format, path, got, column)
			}
		}
	}
}

func TestLines(t *testing.T) {
	tests := []struct {
		name, file string
		options    rowfile.Options
		mapping    string
		want       []any
	}{
		{
			name: "members", file: "\ufeff" + `{"email":"a@x.com","phones":["+7"],"n":1.0,"checks":{"action":"incr","value":1},"visits:incr":2,"x":null}` + "\n\n" + ` {"Email":"b"} `,
			want: []any{
				of(object{"email": "a@x.com", "phones": []any{"+7"}, "n": number("1"), "checks": object{"action": "incr", "value": number("1")}, "visits": object{"action": "incr", "value": number("2")}}),
				of(object{"Email": "b"}),
			},
		},
		{
			name: "objects", file: `{"subscriptions":[{"channel":"sms"}],"points":{"add":5,"reason":"x"},"order":{"id":7,"total":"10","paid_at":"2024-01-02"},"Phone":{"Rank":1}}` + "\n" +
				`{"subscriptions.0.email":"s@x.com","points.subtract":"5","Phone.0.Main":true,"Phone.1":2}` + "\n" + `{"subscriptions":[],"subscriptions.0.email":"x"}` + "\n" + `{"Phone":[1]}` + "\n" + `{"Phone":[],"Phone.0.Main":true}` + "\n",
			want: []any{
				rowfile.Row{Data: value.Members(object{"subscriptions": []any{object{"channel": "sms"}}}), Extensions: map[string][]object{"Phone": {{"Rank": number("1")}}},
					Points: &rowfile.Points{Add: 5, Reason: "x"}, Order: &rowfile.Order{ID: "7", Total: 10, PaidAt: time.Date(2024, 1, 2, 0, 0, 0, 0, time.UTC)}},
				rowfile.Row{Data: value.Members(object{"subscriptions": []any{object{"email": "s@x.com"}}, "Phone.1": number("2")}), Extensions: map[string][]object{"Phone": {{"Main": true}}}, Points: &rowfile.Points{Subtract: 5}},
				"bad_row/same_target at subscriptions: [subscriptions]", "bad_cell/record at Phone: [a number]", "bad_row/same_target at Phone: [Phone]",
			},
		},
		{
			name: "lines that are none", file: "{\"a\":}\n[1]\n{\"a\":\"\xff\"}\n{\"points\":{\"sub\":1}}\n{\"points\":{\"add\":true}}\n{\"points\":{\"add\":1.5}}\n{\"a:frob\":1}\n{\"a\":1,\"a:incr\":1}\n{\"a:unset\":1}\n{\"a\":" + strings.Repeat("[", 31) + strings.Repeat("]", 31) + "}\n",
			want: []any{
				"bad_json/syntax: [invalid character '}' looking for beginning of value 6]", "bad_json/no_object: [an array]", "bad_json/encoding", "bad_column/points at points.sub",
				"bad_cell/scalar at points.add: [a boolean]", "bad_cell/whole at points.add", "bad_column/function at a:frob: [frob set, unset, incr, add, delete, upsert]", "bad_row/same_target at a:incr: [a]",
				"bad_cell/boolean at a:unset", "bad_cell/too_deep at a: [30]",
			},
		},
		{
			name: "null that clears", options: rowfile.Options{EmptyClears: true}, file: `{"email":null,"_fname":null,"_lname":""}`,
			want: []any{of(object{"_fname": object{"action": "unset"}, "_lname": ""})},
		},
		{
			name: "a mapping", file: `{"Mail":"a","born":"31.12.1990","note":1,"points":{"add":true},"rate":"1,5","LOYALTY_SCORE":"5","v:incr":"1.000"}` + "\n" + `{"_country":"FR"}`,
			mapping: `{"columns":{"mail":"email","born":"_bdate"},"ignore":["Note","points"],"constants":{"_country":"DE"},"dates":"DD.MM.YYYY","numbers":"1.234,50"}`,
			want: []any{
				of(object{"email": "a", "_bdate": "1990-12-31", "rate": number("1.5"), "LOYALTY_SCORE": number("5"), "_country": "DE", "v": object{"action": "incr", "value": number("1000")}}),
				"bad_row/same_target at _country: [_country]",
			},
		},
		{name: "a report that was mended", file: `{"email":"a","row":1,"error":"x","error_text":"y"}`, want: []any{of(object{"email": "a"})}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := tt.options
			o.Format = rowfile.JSONLines
			if tt.mapping != "" {
				var err error
				if o, err = mapping(t, tt.mapping).Apply(o); err != nil {
					t.Fatal(err)
				}
			}
			got, err := read(t, tt.file, o)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}
