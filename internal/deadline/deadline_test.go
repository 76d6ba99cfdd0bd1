package deadline

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestClockIgnoresTimeAsleep(t *testing.T) {
	start := time.Now()
	c := NewClock(start)
	c.Read(start.Add(Step))
	if got := c.Read(start.Add(time.Hour)); got > 3*Step {
		t.Errorf("an hour of suspend counted as %s", got)
	}
}

func TestWithCancelsWithItsCause(t *testing.T) {
	late := errors.New("late")
	ctx, cancel := With(t.Context(), time.Millisecond, late)
	defer cancel()
	<-ctx.Done()
	if got := context.Cause(ctx); !errors.Is(got, late) {
		t.Errorf("cancelled with %v, want %v", got, late)
	}
}
