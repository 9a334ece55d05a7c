module guide.lab/pause

go 1.26
