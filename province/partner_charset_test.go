package province_test

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"jike/xmlapi/carriage"
	"jike/xmlapi/charset"
)

// Of these names some characters are outside of GB 2312 (喆, 镕, €), some outside of GBK (㵘, 𠮷, ḿ).
const (
	oddName   = "福州喆镕㵘𠮷虚构有限公司"
	oddPerson = "王𠮷镕"
	oddStreet = "虚构路1号ḿ座€馆 <A&B>"
)

// iconv runs the system's iconv, the reference. What cannot be converted is left out.
func iconv(t *testing.T, text string, to charset.Charset) []byte {
	t.Helper()
	cmd := exec.Command("iconv", "-c", "-f", "UTF-8", "-t", to.String())
	cmd.Stdin = strings.NewReader(text)
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatalf("iconv: %v", err)
	}
	return out
}

// written is how a document must look in a character set by iconv's word: what the set lacks is a
// character reference.
func written(t *testing.T, text string, to charset.Charset) []byte {
	t.Helper()
	var odd []rune
	for _, r := range text {
		if r >= 0x80 && !strings.ContainsRune(string(odd), r) {
			odd = append(odd, r)
		}
	}
	var lines strings.Builder
	for _, r := range odd {
		lines.WriteRune(r)
		lines.WriteByte('\n')
	}
	for i, line := range bytes.Split(iconv(t, lines.String(), to), []byte("\n")) {
		if i < len(odd) && len(line) == 0 {
			text = strings.ReplaceAll(text, string(odd[i]), fmt.Sprintf("&#%d;", odd[i]))
		}
	}
	return iconv(t, strings.ReplaceAll(text, `encoding="UTF-8"`, `encoding="`+to.String()+`"`), to)
}

// after is what stands from a mark on: the header before it differs between two replies.
func after(t *testing.T, text []byte, mark string) []byte {
	t.Helper()
	at := bytes.Index(text, []byte(mark))
	if at < 0 {
		t.Fatalf("no %s in %q", mark, text)
	}
	return text[at:]
}

func TestRepliesAreByteForByteWhatIconvWrites(t *testing.T) {
	p := newPartners(t)
	sets := []charset.Charset{charset.UTF8, charset.GBK, charset.GB18030}
	for i, set := range sets {
		// The record comes in this set: what GBK lacks is a reference on the way, and the character in the database.
		number := fmt.Sprintf("591S0000010%d", i)
		p.client.Charset, p.client.Kind = set, []carriage.Kind{carriage.Multipart, carriage.Form, carriage.Single}[i]
		p.must(t, edited(t, sample(t, syncReq), "CustomerNumber", number, "CustomerInfo/Licence", absent,
			"CustomerInfo/CustomerName", oddName, "CustomerInfo/Address", oddStreet, "KeyPersons/KeyPerson/PersonName", oddPerson))
		row := p.row(t, `SELECT c.name, c.address, p.name AS person FROM crm.customer c JOIN crm.contact p ON p.customer_id = c.id AND p.role = 'decision' WHERE c.number = $1`, number)
		if row["name"] != oddName || row["address"] != oddStreet || row["person"] != oddPerson {
			t.Errorf("%s: stored %v", set, row)
		}
	}
	query := edited(t, sample(t, queryReq), "IdValue", "591S00000100")
	p.client.Charset = charset.UTF8
	plain := p.must(t, query).Raw
	for _, name := range []string{oddName, oddPerson} {
		if !bytes.Contains(plain, []byte(name)) {
			t.Fatalf("no %s in %s", name, plain)
		}
	}
	for _, set := range sets[1:] {
		for _, kind := range []carriage.Kind{carriage.Multipart, carriage.Form, carriage.Single} {
			p.client.Charset, p.client.Kind = set, kind
			r := p.must(t, query)
			if got, want := after(t, r.Raw, "<SvcCont>"), written(t, string(after(t, plain, "<SvcCont>")), set); !bytes.Equal(got, want) {
				t.Errorf("%s %s:\n%q\n%q", set, kind, got, want)
			}
			if r.ContentType != "text/xml; charset="+set.String() {
				t.Errorf("%s: content type %s", set, r.ContentType)
			}
		}
	}
}

func TestTheStoredReplyIsGivenInTheCallersCharset(t *testing.T) {
	p := newPartners(t)
	content := edited(t, sample(t, syncReq), "CustomerInfo/CustomerName", oddName)
	h := p.header(content.Tag)
	p.client.Charset = charset.UTF8
	first, err := p.client.Send(t.Context(), h, content)
	if err != nil || first.Response.Code != "0000" || !bytes.Contains(first.Raw, []byte(oddName)) {
		t.Fatalf("%+v %v", first.Response, err)
	}
	for _, set := range []charset.Charset{charset.UTF8, charset.GBK, charset.GB18030} {
		for _, kind := range []carriage.Kind{carriage.Multipart, carriage.Form, carriage.Single} {
			p.client.Charset, p.client.Kind = set, kind
			again, err := p.client.Send(t.Context(), h, content)
			if err != nil || !bytes.Equal(again.Raw, written(t, string(first.Raw), set)) {
				t.Errorf("%s %s: %v %q", set, kind, err, again.Raw)
			}
		}
	}
	if row := p.row(t, `SELECT count(*) AS n FROM audit.line WHERE action = 'customer.create'`); row["n"] != 1.0 {
		t.Errorf("%v effects", row["n"])
	}
	// Another node on the same database gives it too.
	p.client.URL = p.serve(t, p.Stores)
	p.client.Charset = charset.UTF8
	if again, err := p.client.Send(t.Context(), h, content); err != nil || !bytes.Equal(again.Raw, first.Raw) {
		t.Errorf("%v %q", err, again.Raw)
	}
}
