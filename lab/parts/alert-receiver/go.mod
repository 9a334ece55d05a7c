module guide.lab/alert-receiver

go 1.26
