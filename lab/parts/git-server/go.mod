module guide.lab/git-server

go 1.26
