SELECT kugiri.set_up_roles()
