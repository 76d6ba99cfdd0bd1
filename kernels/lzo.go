package kernels

import "errors"

var errLZO = errors.New("lzo data is corrupt")

// appendLZO1X unpacks one LZO1X block of exactly plain uncompressed bytes and
// appends them to out. The stream is described in the kernel's
// Documentation/staging/lzo.rst; its run-length extension (version 1 streams)
// is only used by zram, not for kernel images.
func appendLZO1X(out, in []byte, plain int) ([]byte, error) {
	d := lzoDecoder{in: in, out: out, start: len(out), limit: len(out) + plain}
	if err := d.run(); err != nil {
		return nil, err
	}
	if len(d.out) != d.limit {
		return nil, errLZO
	}
	return d.out, nil
}

// lzoDecoder is the state of one block: in is what is left to read.
type lzoDecoder struct {
	in    []byte
	out   []byte
	start int // of this block in out: matches may not reach before it
	limit int // length of out at the end of the block
}

func (d *lzoDecoder) run() error {
	// state is the number of literals copied by the last instruction: 0 to 3
	// after a match, 4 for a run of literals.
	state := 0
	if len(d.in) > 0 && d.in[0] > 17 {
		n := int(d.in[0]) - 17
		d.in = d.in[1:]
		if err := d.literals(n); err != nil {
			return err
		}
		state = min(n, 4)
	}
	for {
		op, err := d.next()
		if err != nil {
			return err
		}
		var distance, length, tail int
		switch {
		case op >= 64: // short match within 2 KiB
			b, err := d.next()
			if err != nil {
				return err
			}
			distance = b<<3 + (op>>2)&7 + 1
			length = op>>5 + 1
			tail = op & 3
		case op >= 32: // match within 16 KiB
			if length, err = d.count(op&31, 31, 2); err != nil {
				return err
			}
			word, err := d.word()
			if err != nil {
				return err
			}
			distance = word>>2 + 1
			tail = word & 3
		case op >= 16: // match from 16 to 48 KiB, or the end
			if length, err = d.count(op&7, 7, 2); err != nil {
				return err
			}
			word, err := d.word()
			if err != nil {
				return err
			}
			distance = (op&8)<<11 + word>>2
			if distance == 0 {
				if length != 3 || len(d.in) != 0 {
					return errLZO
				}
				return nil
			}
			distance += 16384
			tail = word & 3
		case state == 0: // a run of literals
			n, err := d.count(op, 15, 3)
			if err != nil {
				return err
			}
			if err := d.literals(n); err != nil {
				return err
			}
			state = 4
			continue
		default: // two bytes within 1 KiB, or after literals three from 2 KiB on
			b, err := d.next()
			if err != nil {
				return err
			}
			distance = b<<2 + op>>2 + 1
			length = 2
			if state == 4 {
				distance += 2048
				length = 3
			}
			tail = op & 3
		}
		if err := d.match(distance, length); err != nil {
			return err
		}
		if err := d.literals(tail); err != nil {
			return err
		}
		state = tail
	}
}

func (d *lzoDecoder) next() (int, error) {
	if len(d.in) == 0 {
		return 0, errLZO
	}
	b := d.in[0]
	d.in = d.in[1:]
	return int(b), nil
}

func (d *lzoDecoder) word() (int, error) {
	if len(d.in) < 2 {
		return 0, errLZO
	}
	w := int(d.in[0]) | int(d.in[1])<<8
	d.in = d.in[2:]
	return w, nil
}

// count completes a length: n if it is not zero, else the field's maximum plus
// 255 for each zero byte that follows, plus the next byte; base is added.
func (d *lzoDecoder) count(n, maximum, base int) (int, error) {
	if n != 0 {
		return n + base, nil
	}
	n = maximum
	for {
		b, err := d.next()
		if err != nil {
			return 0, err
		}
		if b != 0 {
			return n + b + base, nil
		}
		if n += 255; n > d.limit {
			return 0, errLZO
		}
	}
}

func (d *lzoDecoder) literals(n int) error {
	if n > len(d.in) || n > d.limit-len(d.out) {
		return errLZO
	}
	d.out = append(d.out, d.in[:n]...)
	d.in = d.in[n:]
	return nil
}

func (d *lzoDecoder) match(distance, length int) error {
	from := len(d.out) - distance
	if from < d.start || length > d.limit-len(d.out) {
		return errLZO
	}
	// A match may overlap its own output.
	for i := range length {
		d.out = append(d.out, d.out[from+i])
	}
	return nil
}
