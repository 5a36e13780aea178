package bill

import "time"

// View is a bill as the browser sees it. Bills are read with the customer's overview.
type View struct {
	Month     string    `json:"month" doc:"YYYY-MM"`
	AmountFen int64     `json:"amountFen"`
	PaidFen   int64     `json:"paidFen"`
	UpdatedAt time.Time `json:"updatedAt"`
}

// ViewOf is a bill as the browser sees it.
func ViewOf(b Bill) View {
	return View{Month: b.Month.Format("2006-01"), AmountFen: b.AmountFen, PaidFen: b.PaidFen, UpdatedAt: b.UpdatedAt}
}
