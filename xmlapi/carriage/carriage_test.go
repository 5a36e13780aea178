package carriage

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"jike/internal/fault"
)

func TestEveryCarriageGivesBackWhatItWasGiven(t *testing.T) {
	for _, m := range []Message{
		{Kind: Multipart, Head: []byte("<a>\xbc\xaf</a>"), Body: []byte("<b/>")},
		{Kind: Multipart, Head: []byte("<a/>"), Body: []byte("<b/>\r\n"), Attachment: []byte("\x00\x01\r\n--x")},
		{Kind: Form, Head: []byte("<a>\xbc\xaf&=+%</a>"), Body: []byte("<b/>")},
		{Kind: Single, Head: []byte("<a/>")},
	} {
		contentType, body := Write(m)
		got, err := Read(contentType, body)
		if err != nil || !reflect.DeepEqual(got, m) {
			t.Errorf("%s: got %+v, %v", m.Kind, got, err)
		}
	}
}

func TestHeartbeat(t *testing.T) {
	for _, kind := range []Kind{Multipart, Form} {
		got, err := Read(Write(Message{Kind: kind}))
		if err != nil || !got.Heartbeat() {
			t.Errorf("%s: %+v, %v", kind, got, err)
		}
	}
	for _, m := range []Message{{Kind: Form, Head: []byte("x")}, {Kind: Multipart, Body: []byte("x")}, {Kind: Single}} {
		if m.Heartbeat() {
			t.Errorf("%+v is a heartbeat", m)
		}
	}
}

func TestMalformedRequestsAreRefused(t *testing.T) {
	const head, body = "--B\r\nContent-Disposition: form-data; name=\"xmlhead\"\r\n\r\n<a/>\r\n", "--B\r\nContent-Disposition: form-data; name=\"xmlbody\"\r\n\r\n<b/>\r\n"
	for _, tc := range []struct {
		name, contentType, body string
		kind                    fault.Kind
		code                    string
	}{
		{"no content type", "", "<a/>", fault.Unsupported, CodeMediaType},
		{"JSON", "application/json", "{}", fault.Unsupported, CodeMediaType},
		{"no boundary", "multipart/form-data", head + body + "--B--", fault.Header, CodeMalformed},
		{"another boundary", "multipart/form-data; boundary=C", head + body + "--B--", fault.Header, CodeMalformed},
		{"text before", "multipart/form-data; boundary=B", "x\r\n" + head + body + "--B--", fault.Header, CodeMalformed},
		{"text after", "multipart/form-data; boundary=B", head + body + "--B--\r\nx", fault.Header, CodeMalformed},
		{"cut short", "multipart/form-data; boundary=B", head + body, fault.Header, CodeMalformed},
		{"head twice", "multipart/form-data; boundary=B", head + head + body + "--B--", fault.Header, CodeTwice},
		{"no body part", "multipart/form-data; boundary=B", head + "--B--", fault.Body, CodePartMissed},
		{"no head part", "multipart/form-data; boundary=B", body + "--B--", fault.Header, CodePartMissed},
		{"unknown part", "multipart/form-data; boundary=B", head + body + strings.Replace(head, "xmlhead", "other", 1) + "--B--", fault.Header, CodePart},
		{"encoded part", "multipart/form-data; boundary=B", strings.Replace(head, "\r\n\r\n", "\r\nContent-Transfer-Encoding: base64\r\n\r\n", 1) + body + "--B--", fault.Header, CodeMalformed},
		{"bad escape", "application/x-www-form-urlencoded", "xmlhead=%zz&xmlbody=", fault.Header, CodeMalformed},
		{"name twice", "application/x-www-form-urlencoded", "xmlhead=a&xmlhead=b&xmlbody=", fault.Header, CodeTwice},
		{"unknown name", "application/x-www-form-urlencoded", "xmlhead=a&xmlbody=b&c=d", fault.Header, CodePart},
	} {
		_, err := Read(tc.contentType, []byte(tc.body))
		var refused *fault.Error
		if !errors.As(err, &refused) || refused.Kind != tc.kind || refused.Code != tc.code {
			t.Errorf("%s: got %v, want %s %s", tc.name, err, tc.kind, tc.code)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, kind := range []Kind{Multipart, Form, Single} {
		contentType, body := Write(Message{Kind: kind, Head: []byte("<a/>"), Body: []byte("<b/>")})
		f.Add(contentType, body)
	}
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		m, err := Read(contentType, body)
		if err != nil {
			return
		}
		again, err := Read(Write(m))
		if err != nil || string(again.Head) != string(m.Head) || string(again.Body) != string(m.Body) || string(again.Attachment) != string(m.Attachment) {
			t.Fatalf("%q became %+v, %v", body, again, err)
		}
	})
}
