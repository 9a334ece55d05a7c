module guide.lab/web

go 1.26
