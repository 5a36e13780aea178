package bill

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/beevik/etree"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/xmlapi/document"
	"jike/xmlapi/server"
	"jike/xmlapi/shape"
)

// batchLimit is how many lines a message may have, refusedLimit how many refused ones a reply lists.
const (
	batchLimit   = 10000
	refusedLimit = 100
	largest      = 9_000_000_000_000_000 // fen
)

var (
	number = shape.Pattern(`[0-9A-Z]{4,24}`)
	serial = shape.Pattern(`[0-9]{3}1BIP4Z002[0-9]{20}`)
)

// request describes MonthlyBillBatchReq.
var request = shape.Group("MonthlyBillBatchReq",
	shape.One("OprSeq", serial).Says("Business serial number: province, 1, BIPCode, yyyyMMddHHmmss, six digits."),
	shape.One("BillMonth", shape.Month).Says("yyyyMM, of every line."),
	shape.One("BillCount", shape.Integer(1, batchLimit)).Says("Number of lines: a message cut short is noticed."),
	shape.Group("Bills",
		shape.Group("Bill",
			shape.One("CustomerNumber", number),
			shape.One("Amount", shape.Integer(0, largest)).Says("In fen."),
			shape.One("Paid", shape.Integer(0, largest)).Says("In fen."),
		).Times(1, batchLimit)),
).Says("Monthly bill batch (月账单), BIP4Z002 / T4990002: codes of our own, no public number is known. All lines are taken or none; a line replaces the customer's bill of that month.")

// reply describes MonthlyBillBatchRsp.
var reply = shape.Group("MonthlyBillBatchRsp",
	shape.One("OprSeq", serial),
	shape.One("RspCode", shape.OneOf("00", "99")).Says("00 all lines are taken, 99 none is."),
	shape.One("RspInfo", shape.Text(1, 200)),
	shape.One("Written", shape.Integer(0, batchLimit)).Says("Bills that were added or changed."),
	shape.One("Unchanged", shape.Integer(0, batchLimit)).Says("Bills that said so already."),
	shape.Group("Refused",
		shape.Group("Line",
			shape.One("LineNumber", shape.Integer(1, batchLimit)).Says("From 1, in the order of the message."),
			shape.One("CustomerNumber", number),
			shape.One("LineCode", shape.OneOf("2002", "4005")).Says("2002 unknown customer, 4005 a second line for the same customer."),
		).Times(1, refusedLimit)).Optional().Says("The first hundred lines that are wrong."),
).Says("Answer to MonthlyBillBatchReq.")

// Operation is the monthly bill batch.
func Operation(store *Store) server.Operation {
	return server.Operation{
		BIP: "BIP4Z002", Activity: "T4990002", Name: "monthly bill batch", Request: request, Reply: reply,
		Handle: func(ctx context.Context, call server.Call) (server.Answer, error) {
			answer := server.Answer{BusinessKey: document.Value(call.Message, "BillMonth")}
			lines, err := read(call.Message)
			if err != nil {
				return answer, err
			}
			result, err := store.PutBatch(ctx, call.Tx, account.Partner(call.Partner.Domain), lines)
			if err != nil {
				return answer, err
			}
			answer.Content = write(document.Value(call.Message, "OprSeq"), lines, result)
			if wrong := len(result.Unknown) + len(result.Repeated); wrong > 0 {
				answer.Code, answer.Desc = fault.Rule.ResponseCode(), fmt.Sprintf("bill.lines_refused element=CustomerNumber lines=%d", wrong)
			}
			return answer, nil
		},
	}
}

// read makes lines of a message that fits the description.
func read(message *etree.Element) ([]Line, error) {
	month, err := time.Parse("200601", document.Value(message, "BillMonth"))
	if err != nil {
		return nil, fault.Field(fault.Format, "BillMonth", shape.CodeFormat)
	}
	bills := document.Child(message, "Bills").ChildElements()
	if document.Value(message, "BillCount") != strconv.Itoa(len(bills)) {
		return nil, fault.Field(fault.Format, "BillCount", "bill.count", "lines", len(bills))
	}
	lines := make([]Line, len(bills))
	for i, b := range bills {
		amount, errAmount := strconv.ParseInt(document.Value(b, "Amount"), 10, 64)
		paid, errPaid := strconv.ParseInt(document.Value(b, "Paid"), 10, 64)
		if errAmount != nil || errPaid != nil {
			return nil, fault.Field(fault.Type, "Amount", shape.CodeType, "line", i+1) // cannot be: the description was checked
		}
		lines[i] = Line{CustomerNumber: document.Value(b, "CustomerNumber"), Month: month, AmountFen: amount, PaidFen: paid}
	}
	return lines, nil
}

func write(serial string, lines []Line, result Result) *etree.Element {
	content := etree.NewElement(reply.Name)
	put := func(e *etree.Element, name, value string) { e.CreateElement(name).SetText(value) }
	put(content, "OprSeq", serial)
	wrong := len(result.Unknown)+len(result.Repeated) > 0
	if wrong {
		// Nothing is kept of a batch with a wrong line.
		put(content, "RspCode", "99")
		put(content, "RspInfo", "no line is taken")
		result.Written, result.Unchanged = 0, 0
	} else {
		put(content, "RspCode", "00")
		put(content, "RspInfo", "ok")
	}
	put(content, "Written", strconv.Itoa(result.Written))
	put(content, "Unchanged", strconv.Itoa(result.Unchanged))
	if !wrong {
		return content
	}
	refused, listed := content.CreateElement("Refused"), 0
	for _, group := range []struct {
		code  string
		lines []int
	}{{"2002", result.Unknown}, {"4005", result.Repeated}} {
		for _, i := range group.lines {
			if listed++; listed > refusedLimit {
				return content
			}
			line := refused.CreateElement("Line")
			put(line, "LineNumber", strconv.Itoa(i+1))
			put(line, "CustomerNumber", lines[i].CustomerNumber)
			put(line, "LineCode", group.code)
		}
	}
	return content
}
