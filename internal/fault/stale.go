package fault

// StaleError is a save that started from a version that is no longer the newest. It wraps a Conflict fault.
type StaleError[T any] struct {
	Current T // as it is now
	fault   *Error
}

// Stale makes a StaleError with the code of its fault and the version of the current record.
func Stale[T any](code string, version int32, current T) *StaleError[T] {
	return &StaleError[T]{current, New(Conflict, code, "version", version)}
}

// Error says which version is the newest.
func (e *StaleError[T]) Error() string { return e.fault.Error() }

// Unwrap gives the fault.
func (e *StaleError[T]) Unwrap() error { return e.fault }
