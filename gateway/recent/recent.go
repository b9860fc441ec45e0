// Package recent owns what is remembered of those who came last, of so many and no more.
// It does not own what that is, or for how long it holds. Invariant: when one too many
// comes, the one goes that has been away the longest.
package recent

import "container/list"

// Map holds values by their keys. Nothing is in the zero value. It is not safe for
// concurrent use.
type Map[K comparable, V any] struct {
	byKey  map[K]*list.Element
	latest *list.List // of *entry[K, V], the latest in front
}

type entry[K comparable, V any] struct {
	key   K
	value V
}

// Get gives a value. That it was asked for does not count.
func (m *Map[K, V]) Get(key K) (value V, ok bool) {
	e, ok := m.byKey[key]
	if !ok {
		return value, false
	}
	return e.Value.(*entry[K, V]).value, true
}

// Put puts a value in the place of the key's last one, and makes the key the latest.
// Of the others as many stay as make no more than most.
func (m *Map[K, V]) Put(key K, value V, most int) {
	if m.byKey == nil {
		m.byKey, m.latest = make(map[K]*list.Element), list.New()
	}
	if e, ok := m.byKey[key]; ok {
		e.Value.(*entry[K, V]).value = value
		m.latest.MoveToFront(e)
		return
	}
	for len(m.byKey) >= max(1, most) {
		m.Delete(m.latest.Back().Value.(*entry[K, V]).key)
	}
	m.byKey[key] = m.latest.PushFront(&entry[K, V]{key, value})
}

// Delete takes a value out.
func (m *Map[K, V]) Delete(key K) {
	if e, ok := m.byKey[key]; ok {
		m.latest.Remove(e)
		delete(m.byKey, key)
	}
}

// Len is how many there are.
func (m *Map[K, V]) Len() int { return len(m.byKey) }
