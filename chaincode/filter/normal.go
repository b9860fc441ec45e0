package filter

// Normal writes a checked filter so that Not stands only before Exists, Any,
// Prefix, Contains, Has, and comparisons of two fields: for backends in which the
// opposite of a comparison is met by what they cannot compare. It means the same.
func Normal(e Expr) Expr { return normal(e, false) }

// opposite of each comparison, for rows that have the field.
var opposite = map[Op]Op{Eq: Ne, Ne: Eq, Lt: Ge, Le: Gt, Gt: Le, Ge: Lt}

func normal(e Expr, negated bool) Expr {
	switch e := e.(type) {
	case And:
		if negated {
			return Or{normals(e.Of, true)}
		}
		return And{normals(e.Of, false)}
	case Or:
		if negated {
			return And{normals(e.Of, true)}
		}
		return Or{normals(e.Of, false)}
	case Not:
		return normal(e.Of, !negated)
	case Any:
		if e.Where != nil {
			e.Where = normal(e.Where, false)
		}
		if negated {
			return Not{e}
		}
		return e
	case Test:
		if negated {
			return negation(e)
		}
	}
	return e
}

func normals(of []Expr, negated bool) []Expr {
	out := make([]Expr, len(of))
	for i, part := range of {
		out[i] = normal(part, negated)
	}
	return out
}

func negation(t Test) Expr {
	lacks := Not{Test{Field: t.Field, Op: Exists}}
	switch op, compared := opposite[t.Op]; {
	case t.Op == Exists:
		return lacks
	case t.Op == In:
		var none []Expr
		for _, v := range t.Values {
			none = append(none, Test{t.Field, Ne, []Operand{v}})
		}
		return Or{[]Expr{all(none), lacks}}
	case compared && t.Values[0].Value == nil:
		return Not{t} // the other field may be lacking, too
	case compared:
		return Or{[]Expr{Test{t.Field, op, t.Values}, lacks}}
	}
	return Or{[]Expr{Not{t}, lacks}}
}
