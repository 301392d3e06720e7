package httpapi

import (
	"net/http"
	"strconv"
)

// An Answer is what a handler answers with. The zero value is status 200 without a
// body.
type Answer struct {
	Status int // 0 is 200
	Header http.Header
	Body   []byte
}

// JSON answers with v as [Encode] has it.
func JSON(status int, v any) (Answer, error) {
	body, err := Encode(v)
	if err != nil {
		return Answer{}, err
	}
	return JSONText(status, body), nil
}

// JSONText answers with a body that is JSON already.
func JSONText(status int, body []byte) Answer {
	a := Raw(status, "application/json; charset=utf-8", body)
	a.Set("Content-Length", strconv.Itoa(len(body)))
	return a
}

// Raw answers with a body of that type.
func Raw(status int, contentType string, body []byte) Answer {
	return Answer{Status: status, Header: http.Header{"Content-Type": {contentType}}, Body: body}
}

// Set sets a header of the answer.
func (a *Answer) Set(name, value string) {
	if a.Header == nil {
		a.Header = http.Header{}
	}
	a.Header.Set(name, value)
}
