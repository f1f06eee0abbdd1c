module hubbub

go 1.26.8
