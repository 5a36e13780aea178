package partner

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/beevik/etree"

	"jike/xmlapi/carriage"
	"jike/xmlapi/charset"
	"jike/xmlapi/client"
	"jike/xmlapi/document"
	"jike/xmlapi/envelope"
)

// Send sends one message.
type Send struct {
	node
	File     string `arg:"" type:"existingfile" help:"The message's own document (such as schemas/xsd/samples/group-customer-sync-req.xml), or a whole InterBOSS document with header and SvcCont."`
	Carriage string `enum:"multipart,form,single" default:"multipart" help:"How it travels: ${enum} (form is application/x-www-form-urlencoded)."`
	Charset  string `enum:"UTF-8,GBK,GB18030" default:"UTF-8" help:"Character set of request and reply: ${enum}."`
	Origin   string `default:"BOSS" help:"OrigDomain of a header that is made here."`
	TransID  string `name:"trans-id" help:"TransIDO of a header that is made here; random without it. The same id and content get the same reply."`
	Raw      bool   `help:"Print the reply's bytes as they came, not as UTF-8."`
}

// Run sends the file and prints the reply on standard output, its outcome on standard error.
func (s Send) Run(ctx context.Context) error { return s.run(ctx, os.Stdout, os.Stderr) }

func (s Send) run(ctx context.Context, out, outcome io.Writer) error {
	header, content, err := s.message()
	if err != nil {
		return err
	}
	c, err := s.client()
	if err != nil {
		return err
	}
	c.Kind = carriage.Kind(s.Carriage)
	if c.Charset, err = charset.Lookup(s.Charset); err != nil {
		return err
	}
	reply, err := c.Send(ctx, header, content)
	if len(reply.Raw) > 0 {
		if failed := print(out, reply, s.Raw, c.Charset); failed != nil {
			return failed
		}
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(outcome, "HTTP %d, RspType %s, RspCode %s, %s\n", reply.Status, reply.Response.Type, reply.Response.Code, reply.Response.Desc)
	if err == nil && reply.Response.Code != envelope.CodeOK {
		err = errRefused
	}
	return err
}

// print writes the reply as it came or as UTF-8.
func print(out io.Writer, reply client.Reply, raw bool, c charset.Charset) error {
	text := reply.Raw
	if decoded, err := c.Decode(text); err == nil && !raw {
		text = []byte(decoded + "\n")
	}
	_, err := out.Write(text)
	return err
}

// requests are the pairs of codes by the message's document.
var requests = map[string][2]string{
	"GroupCustomerSyncReq":  {"BIP4B254", "T4011003"},
	"GroupCustomerQueryReq": {"BIP4Z001", "T4990001"},
	"MonthlyBillBatchReq":   {"BIP4Z002", "T4990002"},
}

// message reads the file: a whole document with its own header, or a message that gets one.
func (s Send) message() (envelope.Header, *etree.Element, error) {
	text, err := os.ReadFile(s.File)
	if err != nil {
		return envelope.Header{}, nil, err
	}
	root, _, err := document.Read(text, "")
	if err != nil {
		return envelope.Header{}, nil, fmt.Errorf("%s: %w", s.File, err)
	}
	if root.Tag == envelope.Single.Name {
		header, err := envelope.ReadHeader(root, &envelope.Single)
		if err != nil {
			return header, nil, fmt.Errorf("%s: %w", s.File, err)
		}
		content, err := envelope.ReadContent(root)
		return header, content, err
	}
	pair, known := requests[root.Tag]
	if !known {
		return envelope.Header{}, nil, fmt.Errorf("%s: no message begins with %s", s.File, root.Tag)
	}
	header, err := s.header(pair)
	return header, root, err
}

func (s Send) header(pair [2]string) (envelope.Header, error) {
	province, err := s.province()
	id := s.TransID
	if id == "" {
		id = "M" + rand.Text()[:20]
	}
	if len(id) > 30 {
		err = errors.Join(err, errors.New("a TransIDO has at most 30 letters and digits"))
	}
	return envelope.Header{
		Version: "0100", TestFlag: "0", BIPCode: pair[0], ActivityCode: pair[1], OrigDomain: s.Origin, RouteType: "00",
		HomeDomain: "BBSS", RouteValue: province.String(), SessionID: id, TransIDO: id,
		TransIDOTime: time.Now().In(envelope.Zone).Format(envelope.TimeFormat),
	}, err
}
