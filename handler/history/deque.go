package history

import "slices"

// blockLen is how many elements lie together in a deque.
const blockLen = 1024

// deque is a queue whose elements never move: they lie in blocks, which are added at one end and given back at the other.
// So a push never costs more than one block, however much waits, and a run of elements can be read without a lock while
// others are pushed, as long as it isn't dropped. The zero value is empty.
type deque[T any] struct {
	blocks []*[blockLen]T
	head   int          // where the oldest element lies in the first block
	length int          // elements
	spare  *[blockLen]T // an empty block for the next push that needs one
}

func (d *deque[T]) push(v T) {
	end := d.head + d.length
	if end == len(d.blocks)*blockLen {
		d.blocks = append(d.blocks, d.block())
	}
	d.blocks[end/blockLen][end%blockLen] = v
	d.length++
}

// block returns an empty block.
func (d *deque[T]) block() *[blockLen]T {
	if b := d.spare; b != nil {
		d.spare = nil
		return b
	}
	return new([blockLen]T)
}

// at returns the i-th oldest element.
func (d *deque[T]) at(i int) *T {
	i += d.head
	return &d.blocks[i/blockLen][i%blockLen]
}

// run returns the elements from the i-th oldest on that lie together: all of them, or those to the end of a block.
func (d *deque[T]) run(i int) []T {
	if i >= d.length {
		return nil
	}
	i += d.head
	end := min(d.head+d.length, i-i%blockLen+blockLen)
	return d.blocks[i/blockLen][i%blockLen:][: end-i : end-i]
}

// drop forgets the n oldest elements. Of the blocks that become empty one stays.
func (d *deque[T]) drop(n int) {
	for n > 0 {
		run := d.run(0)
		run = run[:min(n, len(run))]
		clear(run)
		n -= len(run)
		d.length -= len(run)
		d.head += len(run)
		if d.head == blockLen {
			d.spare = d.blocks[0]
			d.blocks = slices.Delete(d.blocks, 0, 1)
			d.head = 0
		}
	}
}
