package handler

import "hubbub/codec"

// register makes a name an account. Without a database there are none.
func (t *turn) register(*codec.RegisterRequest) error { return codec.PermissionDenied }
