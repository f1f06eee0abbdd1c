package handler

import "hubbub/codec"

// page answers with a page of history. Without a database there is none.
func (t *turn) page(*codec.HistoryRequest) error { return codec.PermissionDenied }
