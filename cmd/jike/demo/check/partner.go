package check

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"time"

	"github.com/beevik/etree"

	"jike/schemas/codes"
	"jike/xmlapi/carriage"
	"jike/xmlapi/charset"
	"jike/xmlapi/client"
	"jike/xmlapi/envelope"
)

// company is the name of the customer that is talked about: 喆 and 镕 are not in GB 2312, 㵘 and 𠮷
// are not in GBK; all are in GB 18030.
const company = "虚构喆镕㵘𠮷科技有限公司"

// talk is BOSS talking to one province by hand.
type talk struct {
	*site
	client client.Client
	run    string
	sent   int

	changed envelope.Header // of the message that changed the customer, to be sent again
	number  string
	reply   []byte
}

func newTalk(s *site, run string) (*talk, error) {
	secret, err := s.node.Partner.Secret()
	return &talk{site: s, run: run, client: client.Client{URL: s.node.XML, KeyID: s.node.Partner.KeyID, Secret: secret}}, err
}

func (t *talk) header(bip, activity string) envelope.Header {
	t.sent++
	id := fmt.Sprintf("T%s%04d", t.run, t.sent)
	return envelope.Header{
		Version: "0100", TestFlag: "0", BIPCode: bip, ActivityCode: activity, OrigDomain: t.node.Partner.Domain, RouteType: "00",
		HomeDomain: "BBSS", RouteValue: t.node.Code.String(), SessionID: id, TransIDO: id,
		TransIDOTime: time.Now().In(envelope.Zone).Format(envelope.TimeFormat),
	}
}

// sync is a group-customer sync message.
func (t *talk) sync(operation, number, name string, class codes.Class, persons ...*etree.Element) *etree.Element {
	root := tree("GroupCustomerSyncReq",
		"OprSeq", fmt.Sprintf("%s1BIP4B254%s%06d", t.node.Code, time.Now().In(envelope.Zone).Format(envelope.TimeFormat), t.sent),
		"OprType", operation, "CustomerNumber", number)
	root.AddChild(tree("CustomerInfo", "CustomerName", name, "CustomerClass", codes.ClassesBIP4B254.Format(class), "CustomerStatus", "2",
		"LegalPerson", "陈镕喆", "Industry", "65", "Region", string(codes.Cities(t.node.Code)[0]), "Address", "㵘河路𠮷祥里1号",
		"Postcode", "350001", "ParentNumber", "0"))
	group := root.CreateElement("KeyPersons")
	for _, p := range persons {
		group.AddChild(p)
	}
	return root
}

func person(name, mobile, birthday string) *etree.Element {
	return tree("KeyPerson", "Role", "1", "PersonName", name, "Title", "总经理", "WorkPhone", "0591-00000001", "Mobile", mobile, "Birthday", birthday)
}

func tree(name string, pairs ...string) *etree.Element {
	e := etree.NewElement(name)
	for i := 0; i < len(pairs); i += 2 {
		e.CreateElement(pairs[i]).SetText(pairs[i+1])
	}
	return e
}

// send sends a message and fails unless it is answered 0000.
func (t *talk) send(ctx context.Context, kind carriage.Kind, set charset.Charset, h envelope.Header, content *etree.Element) (client.Reply, error) {
	c := t.client
	c.Kind, c.Charset = kind, set
	reply, err := c.Send(ctx, h, content)
	return reply, accepted(reply, err)
}

func accepted(reply client.Reply, err error) error {
	if err != nil {
		return err
	}
	if reply.Response.Code != envelope.CodeOK {
		return fmt.Errorf("answered %s %s", reply.Response.Code, reply.Response.Desc)
	}
	return nil
}

// heartbeat sends two empty parts.
func (t *talk) heartbeat(ctx context.Context) error {
	contentType, body := carriage.Write(carriage.Message{Kind: carriage.Multipart, Head: []byte{}, Body: []byte{}})
	reply, err := t.client.Post(ctx, contentType, body)
	if err != nil {
		return err
	}
	if string(bytes.TrimSpace(reply.Raw)) != "success" {
		return fmt.Errorf("heartbeat: answered %q", reply.Raw)
	}
	return nil
}

// talkXML adds a customer by a message whose bytes iconv has made, changes it, and asks for it in
// all carriages and character sets. Each reply must be, byte for byte, what iconv makes of the reply
// in UTF-8. It gives the numbers of messages and of bytes compared.
func talkXML(ctx context.Context, t *talk) (messages, bytesCompared int, err error) {
	number := t.node.Code.String() + "T" + t.run
	if err := t.heartbeat(ctx); err != nil {
		return 0, 0, err
	}
	if err := t.addByIconv(ctx, number); err != nil {
		return 0, 0, fmt.Errorf("customer in GBK, converted by iconv: %w", err)
	}
	t.number, t.changed = number, t.header("BIP4B254", "T4011003")
	reply, err := t.send(ctx, carriage.Form, charset.GB18030, t.changed, t.change())
	if err != nil {
		return 0, 0, fmt.Errorf("change in GB18030: %w", err)
	}
	t.reply = reply.Raw
	query := tree("GroupCustomerQueryReq", "IdType", "01", "IdValue", number)
	plain, err := t.send(ctx, carriage.Multipart, charset.UTF8, t.header("BIP4Z001", "T4990001"), query)
	if err != nil {
		return 0, 0, fmt.Errorf("query: %w", err)
	}
	for _, part := range []string{company, "陈镕喆", "㵘河路𠮷祥里1号", "王㵘"} {
		if !bytes.Contains(plain.Raw, []byte(part)) {
			return 0, 0, fmt.Errorf("the reply in UTF-8 does not say %s: %s", part, plain.Raw)
		}
	}
	messages = 4
	for _, kind := range []carriage.Kind{carriage.Multipart, carriage.Form, carriage.Single} {
		for _, set := range []charset.Charset{charset.UTF8, charset.GBK, charset.GB18030} {
			reply, err := t.send(ctx, kind, set, t.header("BIP4Z001", "T4990001"), query)
			if err != nil {
				return messages, bytesCompared, fmt.Errorf("query in %s, %s: %w", set, kind, err)
			}
			want, err := converted(ctx, likeReply(string(plain.Raw), string(reply.Raw)), set.String())
			if err != nil {
				return messages, bytesCompared, err
			}
			if !bytes.Equal(want, reply.Raw) {
				return messages, bytesCompared, fmt.Errorf("query in %s, %s: the reply is %q, iconv makes %q", set, kind, reply.Raw, want)
			}
			messages, bytesCompared = messages+1, bytesCompared+len(want)
		}
	}
	return messages, bytesCompared, nil
}

// change is a message that changes the customer; it says the same every time.
func (t *talk) change() *etree.Element {
	m := t.sync("02", t.number, company, codes.ClassA1, person("李喆", "16000000002", "19800229"), person("王㵘", "16000000003", "19810301"))
	m.SelectElement("OprSeq").SetText(fmt.Sprintf("%s1BIP4B254%s000001", t.node.Code, t.changed.TransIDOTime))
	return m
}

// again sends a message once more that was answered before: the answer must be the same to the
// byte. The same transaction id with other content must be refused.
func (t *talk) again(ctx context.Context) error {
	c := t.client
	c.Kind, c.Charset = carriage.Form, charset.GB18030
	reply, err := c.Send(ctx, t.changed, t.change())
	if err == nil && !bytes.Equal(reply.Raw, t.reply) {
		err = fmt.Errorf("a message that was sent again is answered %q, not %q as before", reply.Raw, t.reply)
	}
	if err != nil {
		return err
	}
	other := t.change()
	other.FindElement("CustomerInfo/Address").SetText("别处")
	if reply, err = c.Send(ctx, t.changed, other); err == nil && reply.Response.Code != "0103" {
		err = fmt.Errorf("other content under a used transaction id is answered %s", reply.Response.Code)
	}
	return err
}

// addByIconv sends a new customer as one GBK document that no code of ours has converted.
func (t *talk) addByIconv(ctx context.Context, number string) error {
	content := t.sync("01", number, company, codes.ClassB1, person("李喆", "16000000001", "19800229"))
	document := envelope.WriteSingle(t.header("BIP4B254", "T4011003"), content, charset.UTF8)
	body, err := converted(ctx, strings.ReplaceAll(string(document), `encoding="UTF-8"`, `encoding="GBK"`), "GBK")
	if err != nil {
		return err
	}
	reply, err := t.client.Post(ctx, "text/xml; charset=GBK", body)
	if err != nil {
		return err
	}
	reply.Answer, _, err = envelope.ReadReply(reply.Raw)
	return accepted(reply, err)
}

// own are the elements of a reply that belong to one exchange.
var own = regexp.MustCompile(`<(SessionID|TransIDO|TransIDOTime|TransIDH|TransIDHTime)>([^<]*)</`)

var declared = regexp.MustCompile(`encoding="([^"]*)"`)

// likeReply is the text of a UTF-8 reply with the exchange's own values and the declared encoding
// of another reply: both stand in ASCII there.
func likeReply(text, other string) string {
	theirs := map[string]string{}
	for _, m := range own.FindAllStringSubmatch(other, -1) {
		theirs[m[1]] = m[0]
	}
	text = own.ReplaceAllStringFunc(text, func(found string) string {
		return theirs[own.FindStringSubmatch(found)[1]]
	})
	if m := declared.FindString(other); m != "" {
		text = declared.ReplaceAllLiteralString(text, m)
	}
	return text
}

// converted is what iconv makes of a text. What the set lacks is written as a character reference:
// which characters those are, iconv is asked too.
func converted(ctx context.Context, text, set string) ([]byte, error) {
	if set == "GBK" {
		lacking, err := lacks(ctx, text, set)
		if err != nil {
			return nil, err
		}
		text = strings.NewReplacer(lacking...).Replace(text)
	}
	return iconv(ctx, text, "-t", set)
}

// lacks lists the characters that a set does not have, each with its reference.
func lacks(ctx context.Context, text, set string) (pairs []string, err error) {
	var list []rune
	seen := map[rune]bool{}
	var lines strings.Builder
	for _, r := range text {
		if r >= 128 && !seen[r] {
			seen[r] = true
			list = append(list, r)
			lines.WriteString(string(r) + "\n")
		}
	}
	out, _ := iconv(ctx, lines.String(), "-c", "-t", set) // it leaves out what it cannot convert, and says so by its exit code
	kept := bytes.Split(out, []byte("\n"))
	if len(kept) != len(list)+1 {
		return nil, fmt.Errorf("iconv gave %d lines for %d characters", len(kept)-1, len(list))
	}
	for i, r := range list {
		if len(kept[i]) == 0 {
			pairs = append(pairs, string(r), fmt.Sprintf("&#%d;", r))
		}
	}
	return pairs, nil
}

func iconv(ctx context.Context, text string, arguments ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, "iconv", append([]string{"-f", "UTF-8"}, arguments...)...)
	command.Stdin = strings.NewReader(text)
	out, err := command.Output()
	if err != nil {
		return out, fmt.Errorf("iconv %s: %w", strings.Join(arguments, " "), err)
	}
	return out, nil
}

// hideXML puts canaries into messages of BOSS: a customer that is not selected, and the private
// facts of a person of one that is.
func hideXML(ctx context.Context, t *talk, f *finder) error {
	what := func(field, label string) string {
		return fmt.Sprintf("%s of the %s customer that BOSS sent to %s", field, label, t.node.Name)
	}
	for _, c := range []struct {
		label string
		class codes.Class
	}{{"unselected", codes.ClassC}, {"selected", codes.ClassA2}} {
		selected := c.class != codes.ClassC
		birthday := strings.ReplaceAll(f.birthday(what("birthday", c.label)), "-", "")
		content := t.sync("01", fmt.Sprintf("%sT%s%s", t.node.Code, t.run, c.class), f.word(what("name", c.label), selected), c.class,
			person(f.word(what("person", c.label), selected), f.phone(what("mobile", c.label)), birthday))
		if _, err := t.send(ctx, carriage.Multipart, charset.UTF8, t.header("BIP4B254", "T4011003"), content); err != nil {
			return fmt.Errorf("the %s customer: %w", c.label, err)
		}
	}
	return nil
}
