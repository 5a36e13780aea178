package capture

// SetStep has f called after each step of beginning an epoch, in the order of Steps. An error ends
// the beginning there, as the end of the process would.
func SetStep(o *Options, f func(step string) error) { o.step = f }

// Steps are the steps of beginning an epoch.
var Steps = []string{stepMarked, stepDropped, stepMade, stepBegun}
