package subscription

import "time"

// View is a subscription as the browser sees it. Subscriptions are read with the customer's
// overview and change by orders, not by hand.
type View struct {
	ID            int64     `json:"id"`
	ProductCode   string    `json:"productCode"`
	ProductName   string    `json:"productName"`
	Quantity      int32     `json:"quantity"`
	MonthlyFeeFen int64     `json:"monthlyFeeFen"`
	Status        string    `json:"status" enum:"created,pendingActive,active,suspended,pendingTerminate,terminated,cancelled,aborted"`
	StartedOn     string    `json:"startedOn" doc:"YYYY-MM-DD"`
	EndedOn       *string   `json:"endedOn" doc:"YYYY-MM-DD, null if not over"`
	Version       int32     `json:"version"`
	UpdatedAt     time.Time `json:"updatedAt"`
}

// ViewOf is a subscription as the browser sees it.
func ViewOf(s Subscription) View {
	v := View{
		ID: s.ID, ProductCode: s.ProductCode, ProductName: s.ProductName, Quantity: s.Quantity, MonthlyFeeFen: s.MonthlyFeeFen,
		Status: string(s.Status), StartedOn: s.StartedOn.Format(time.DateOnly), Version: s.Version, UpdatedAt: s.UpdatedAt,
	}
	if s.EndedOn != nil {
		day := s.EndedOn.Format(time.DateOnly)
		v.EndedOn = &day
	}
	return v
}
