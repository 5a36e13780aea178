package seed

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"

	"jike/schemas/codes"
)

// dice is a source of chance that depends on its names only, so that a record comes out the same
// whatever is generated before it.
type dice struct{ *rand.Rand }

func newDice(seed uint64, kind string, numbers ...int) dice {
	h := fnv.New64a()
	_, _ = h.Write([]byte(kind)) // a hash never fails to write
	for _, n := range numbers {
		_, _ = h.Write([]byte("/" + strconv.Itoa(n)))
	}
	return dice{rand.New(rand.NewPCG(seed, h.Sum64()))}
}

// chance is true in permille cases of a thousand.
func (d dice) chance(permille int) bool { return d.IntN(1000) < permille }

// between gives a number from low to high, both included.
func (d dice) between(low, high int) int { return low + d.IntN(high-low+1) }

// bell gives a factor around 1, log-normal with the given spread.
func (d dice) bell(spread float64) float64 { return math.Exp(d.NormFloat64() * spread) }

// weighted gives an index with the odds of its weight.
func (d dice) weighted(weights []int) int {
	total := 0
	for _, w := range weights {
		total += w
	}
	at := d.IntN(total)
	for i, w := range weights {
		if at -= w; at < 0 {
			return i
		}
	}
	return len(weights) - 1 // not reached: the weights sum to total
}

// of gives one of the choices.
func of[T any](d dice, choices []T) T { return choices[d.IntN(len(choices))] }

// char gives one character of a string.
func (d dice) char(chars []rune) string { return string(chars[d.IntN(len(chars))]) }

var (
	firsts, seconds, thirds = []rune(brandFirst), []rune(brandSecond), []rune(brandThird)
	family, given, rare     = []rune(surnames), []rune(givenNames), []rune(rareNames)
)

// brand makes a fictional brand of two or three characters.
func (d dice) brand() string {
	name := d.char(firsts) + d.char(seconds)
	if d.chance(350) {
		name += d.char(thirds)
	}
	return name
}

// person makes a fictional person's name.
func (d dice) person() string {
	name := d.char(family) + d.char(given)
	switch {
	case d.chance(15):
		name += d.char(rare)
	case d.chance(700):
		name += d.char(given)
	}
	return name
}

// digits gives n random digits.
func (d dice) digits(n int) string {
	var b strings.Builder
	for range n {
		b.WriteByte(byte('0' + d.IntN(10)))
	}
	return b.String()
}

// mobile gives a number of the prefix 160, which no operator holds.
func (d dice) mobile() string { return "160" + d.digits(8) }

// landLine gives a number of the province's area whose local part begins with 00, which no
// exchange has.
func (d dice) landLine(p codes.Province) string {
	area := "0" + p.String()
	if p < 300 { // 100 stands for the area 010, 270 for 027
		area = area[:3]
	}
	return area + "-00" + d.digits(6)
}
